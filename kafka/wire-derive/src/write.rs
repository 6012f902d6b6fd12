//! The code that writes fields.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Result;

use crate::field::{Field, default_of, null_check, tagged_fields, within};

pub(crate) fn put_field(field: &Field) -> Result<TokenStream> {
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

pub(crate) fn put_tagged(fields: &[Field]) -> Result<TokenStream> {
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
