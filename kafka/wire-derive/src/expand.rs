//! The code that `#[derive(Message)]` writes.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Ident, Result};

use crate::attributes::{MessageAttributes, Range};
use crate::field::{Field, default_impl, fields_of};
use crate::read::{take_field, take_tagged};
use crate::schema::schema_of;
use crate::write::{put_field, put_tagged};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let attributes = MessageAttributes::read(&input.attrs)?;
    let fields = fields_of(input)?;
    let name = &input.ident;
    let default = default_impl(name, &fields)?;
    let value = value_impl(name, &attributes, &fields)?;
    let message = message_impl(name, &attributes);
    Ok(quote! { #default #value #message })
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
