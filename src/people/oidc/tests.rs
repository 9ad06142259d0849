//! OIDC.
