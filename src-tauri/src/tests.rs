//! What holds the shell together: lists that have to agree, the generated types, the access control list.

mod acl;
mod lists;
