//! What holds the shell together: lists that have to agree, the generated types, the access control list; a review
//! through the commands.

mod acl;
mod lists;
mod reviews;
