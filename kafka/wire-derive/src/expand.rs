//! The code that `#[derive(Message)]` writes.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput, Fields, Ident, Result, Type};

use crate::attributes::{FieldAttributes, MessageAttributes, Range};

struct Field {
    ident: Ident,
    ty: Type,
    attributes: FieldAttributes,
}

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let attributes = MessageAttributes::read(&input.attrs)?;
    let fields = fields_of(input)?;
    let name = &input.ident;
    let default = default_impl(name, &fields)?;
    let value = value_impl(name, &attributes, &fields)?;
    let message = message_impl(name, &attributes);
    Ok(quote! { #default #value #message })
}

fn fields_of(input: &DeriveInput) -> Result<Vec<Field>> {
    let Data::Struct(data) = &input.data else {
        return Err(syn::Error::new_spanned(input, "a message is a struct"));
    };
    let Fields::Named(named) = &data.fields else {
        return Err(syn::Error::new_spanned(input, "a message has named fields"));
    };
    let fields = named.named.iter().map(|field| {
        let ident =
            field.ident.clone().ok_or_else(|| syn::Error::new_spanned(field, "a field has a name"))?;
        Ok(Field { ident, ty: field.ty.clone(), attributes: FieldAttributes::read(&field.attrs)? })
    });
    fields.collect()
}

fn default_of(field: &Field) -> Result<TokenStream> {
    let Some(default) = &field.attributes.default else {
        return Ok(quote! { ::core::default::Default::default() });
    };
    let ty = field.ty.to_token_stream().to_string();
    if default == "null" {
        return Ok(quote! { None });
    }
    match ty.as_str() {
        "String" => Ok(quote! { #default.to_owned() }),
        _ => default
            .parse()
            .map_err(|_| syn::Error::new_spanned(&field.ident, format!("`{default}` is not a default"))),
    }
}

fn default_impl(name: &Ident, fields: &[Field]) -> Result<TokenStream> {
    let idents = fields.iter().map(|field| &field.ident);
    let defaults = fields.iter().map(default_of).collect::<Result<Vec<_>>>()?;
    Ok(quote! {
        impl ::core::default::Default for #name {
            fn default() -> Self {
                Self { #(#idents: #defaults),* }
            }
        }
    })
}

/// An expression that tells whether `version` lies in the range.
fn within(range: Range) -> TokenStream {
    let Range { low, high } = range;
    if range.is_none() {
        quote! { false }
    } else if low <= 0 && high == i16::MAX {
        quote! { true }
    } else if high == i16::MAX {
        quote! { (version >= #low) }
    } else {
        quote! { (#low..=#high).contains(&version) }
    }
}

fn put_field(field: &Field) -> Result<TokenStream> {
    let Field { ident, attributes, .. } = field;
    let text = ident.to_string();
    let (versions, tagged) = (within(attributes.versions), within(attributes.tagged));
    let null =
        null_check(field, quote! { crate::codec::EncodeError::UnexpectedNull { field: #text, version } });
    let absent = if attributes.ignorable {
        quote! {}
    } else {
        let default = default_of(field)?;
        let ty = &field.ty;
        quote! {
            else {
                let absent: #ty = #default;
                if self.#ident != absent {
                    return Err(crate::codec::EncodeError::FieldNotInVersion { field: #text, version });
                }
            }
        }
    };
    Ok(quote! {
        if #versions {
            if !#tagged {
                let value = &self.#ident;
                #null
                crate::codec::Value::write(value, context, out)?;
            }
        } #absent
    })
}

/// An error for null in a version without null.
fn null_check(field: &Field, error: TokenStream) -> TokenStream {
    if field.attributes.nullable.is_none() {
        return quote! {};
    }
    let nullable = within(field.attributes.nullable);
    quote! {
        if !#nullable && crate::codec::Value::is_null(value) {
            return Err(#error);
        }
    }
}

fn tagged_fields(fields: &[Field]) -> Vec<(&Field, u32)> {
    let mut tagged: Vec<(&Field, u32)> =
        fields.iter().filter_map(|field| field.attributes.tag.map(|tag| (field, tag))).collect();
    tagged.sort_by_key(|(_, tag)| *tag);
    tagged
}

fn put_tagged(fields: &[Field]) -> Result<TokenStream> {
    let mut code = TokenStream::new();
    for (field, tag) in tagged_fields(fields) {
        let (ident, ty) = (&field.ident, &field.ty);
        let tagged = within(field.attributes.tagged);
        let default = default_of(field)?;
        code.extend(quote! {
            if #tagged {
                let absent: #ty = #default;
                if self.#ident != absent {
                    tags.add(#tag, &self.#ident, context)?;
                }
            }
        });
    }
    Ok(quote! {
        if context.flexible {
            #[allow(unused_mut)]
            let mut tags = crate::codec::TagWriter::default();
            #code
            tags.write(out);
        }
    })
}

fn take_field(field: &Field) -> TokenStream {
    let Field { ident, attributes, .. } = field;
    let text = ident.to_string();
    let (versions, tagged) = (within(attributes.versions), within(attributes.tagged));
    let null =
        null_check(field, quote! { crate::codec::DecodeError::UnexpectedNull { field: #text, version } });
    quote! {
        if #versions && !#tagged {
            let taken = crate::codec::Value::read(context, input).map_err(|error| error.in_field(#text))?;
            let value = &taken;
            #null
            message.#ident = taken;
        }
    }
}

fn take_tagged(fields: &[Field]) -> TokenStream {
    let arms = tagged_fields(fields).into_iter().map(|(field, tag)| {
        let ident = &field.ident;
        let text = ident.to_string();
        let tagged = within(field.attributes.tagged);
        quote! {
            #tag if #tagged => {
                message.#ident =
                    crate::codec::Value::read(context, &mut value).map_err(|error| error.in_field(#text))?;
            }
        }
    });
    quote! {
        if context.flexible {
            let mut tags = crate::codec::TagReader::new(input)?;
            while let Some((tag, mut value)) = tags.next_tag(input)? {
                match tag {
                    #(#arms)*
                    _ => value.skip(),
                }
            }
        }
    }
}

fn value_impl(name: &Ident, attributes: &MessageAttributes, fields: &[Field]) -> Result<TokenStream> {
    let schema = schema_of(name, attributes, fields);
    let puts = fields.iter().map(put_field).collect::<Result<Vec<_>>>()?;
    let put_tags = put_tagged(fields)?;
    let takes = fields.iter().map(take_field);
    let take_tags = take_tagged(fields);
    let sizes = fields
        .iter()
        .filter(|field| {
            let range = field.attributes.versions;
            range.low <= 0 && range.high == i16::MAX && field.attributes.tag.is_none()
        })
        .map(|field| &field.ty);
    Ok(quote! {
        impl crate::codec::Value for #name {
            const MIN_SIZE: usize = {
                let size = 0 #(+ <#sizes as crate::codec::Value>::MIN_SIZE)*;
                if size == 0 { 1 } else { size }
            };
            const STRUCT: ::core::option::Option<&'static crate::schema::Struct> = Some(&#schema);
            #[allow(unused_variables)]
            fn write(
                &self,
                context: crate::codec::Context,
                out: &mut crate::codec::Encoder,
            ) -> ::core::result::Result<(), crate::codec::EncodeError> {
                let version = context.version;
                #(#puts)*
                #put_tags
                Ok(())
            }
            #[allow(unused_variables, unused_mut)]
            fn read(
                context: crate::codec::Context,
                input: &mut crate::codec::Decoder,
            ) -> ::core::result::Result<Self, crate::codec::DecodeError> {
                let version = context.version;
                let mut message = Self::default();
                #(#takes)*
                #take_tags
                Ok(message)
            }
        }
        impl crate::codec::Nullable for #name {}
    })
}

fn message_impl(name: &Ident, attributes: &MessageAttributes) -> TokenStream {
    let Some(versions) = attributes.versions else { return quote! {} };
    let Range { low: min, high: max } = versions;
    let flexible = attributes.flexible.filter(|range| !range.is_none()).map_or(i16::MAX, |range| range.low);
    let request = match (attributes.key, &attributes.response) {
        (Some(key), Some(response)) => quote! {
            impl crate::codec::Request for #name {
                const KEY: crate::api_key::ApiKey = crate::api_key::ApiKey(#key);
                type Response = #response;
            }
        },
        _ => quote! {},
    };
    quote! {
        impl crate::codec::Message for #name {
            const NAME: &'static str = ::core::stringify!(#name);
            const MIN_VERSION: i16 = #min;
            const MAX_VERSION: i16 = #max;
            const FLEXIBLE_FROM: i16 = #flexible;
        }
        #request
    }
}

/// What the derive was told, to be compared with Kafka's own definitions.
fn schema_of(name: &Ident, attributes: &MessageAttributes, fields: &[Field]) -> TokenStream {
    let text = name.to_string();
    let fields = fields.iter().map(|field| {
        let (ident, ty) = (field.ident.to_string(), field.ty.to_token_stream().to_string().replace(' ', ""));
        let name = field.attributes.name.clone().unwrap_or(ident);
        let rust_type = &field.ty;
        let [versions, nullable, tagged] =
            [field.attributes.versions, field.attributes.nullable, field.attributes.tagged].map(range_tokens);
        let tag = option_tokens(field.attributes.tag);
        let default = option_tokens(field.attributes.default.as_deref());
        let ignorable = field.attributes.ignorable;
        quote! {
            crate::schema::Field {
                name: #name, type_name: #ty, structure: <#rust_type as crate::codec::Value>::STRUCT,
                versions: #versions, nullable: #nullable, tagged: #tagged,
                tag: #tag, default: #default, ignorable: #ignorable,
            }
        }
    });
    let versions = range_tokens(attributes.versions.unwrap_or(Range::NONE));
    let flexible = range_tokens(attributes.flexible.unwrap_or(Range::NONE));
    let key = option_tokens(attributes.key);
    quote! {
        crate::schema::Struct {
            name: #text, key: #key, versions: #versions, flexible: #flexible, fields: &[#(#fields),*],
        }
    }
}

fn range_tokens(range: Range) -> TokenStream {
    let Range { low, high } = range;
    quote! { crate::schema::Range { low: #low, high: #high } }
}

fn option_tokens<T: ToTokens>(value: Option<T>) -> TokenStream {
    match value {
        Some(value) => quote! { Some(#value) },
        None => quote! { None },
    }
}
