//! What the derive was told, as a constant.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Ident;

use crate::attributes::{MessageAttributes, Range};
use crate::field::Field;

/// What the derive was told, to be compared with Kafka's own definitions.
pub(crate) fn schema_of(name: &Ident, attributes: &MessageAttributes, fields: &[Field]) -> TokenStream {
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
