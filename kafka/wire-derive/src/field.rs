//! The fields of a message and what is common to writing and reading them.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput, Fields, Ident, Result, Type};

use crate::attributes::{FieldAttributes, Range};

pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) attributes: FieldAttributes,
}

pub(crate) fn fields_of(input: &DeriveInput) -> Result<Vec<Field>> {
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

pub(crate) fn default_of(field: &Field) -> Result<TokenStream> {
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

pub(crate) fn default_impl(name: &Ident, fields: &[Field]) -> Result<TokenStream> {
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
pub(crate) fn within(range: Range) -> TokenStream {
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

/// An error for null in a version without null.
pub(crate) fn null_check(field: &Field, error: TokenStream) -> TokenStream {
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

pub(crate) fn tagged_fields(fields: &[Field]) -> Vec<(&Field, u32)> {
    let mut tagged: Vec<(&Field, u32)> =
        fields.iter().filter_map(|field| field.attributes.tag.map(|tag| (field, tag))).collect();
    tagged.sort_by_key(|(_, tag)| *tag);
    tagged
}
