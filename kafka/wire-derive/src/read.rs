//! The code that reads fields.

use proc_macro2::TokenStream;
use quote::quote;

use crate::field::{Field, null_check, tagged_fields, within};

pub(crate) fn take_field(field: &Field) -> TokenStream {
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

pub(crate) fn take_tagged(fields: &[Field]) -> TokenStream {
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
                    _ => {}
                }
                input.resume(&value);
            }
        }
    }
}
