//! What others are told by HTTP.

mod courier;

pub use courier::{Carried, Courier, Reach, UrlFault, usable_url};
