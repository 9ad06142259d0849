//! What the daemon lets people and programs in with.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Fault;
use crate::api::{Auth, Doorway, Tls};
use crate::config::Config;
use crate::people::oidc::{Provider, ProviderSettings};
use crate::people::{CodesKey, People, PeopleFault, Rules, door};
use crate::store::Store;

/// What the configuration says about people.
fn rules(config: &Config) -> Rules {
    Rules {
        idle_ms: config.people.idle_ms(),
        session_ms: config.people.session_ms(),
        code_required: config.people.code_required.clone(),
        issuer: format!("tonegate {}", config.daemon.name),
    }
}

/// The people of a store, as the configuration has them.
pub(in crate::cli) fn people(config: &Config, store: Store) -> Result<People, Fault> {
    let key = match &config.people.codes_key {
        Some(key) => CodesKey::Given(key.clone()),
        None => CodesKey::File(config.codes_key_path()),
    };
    People::new(store, rules(config), key).map_err(|fault| Fault::Internal(fault.to_string()))
}

/// What the daemon checks callers with, and its TLS.
pub(in crate::cli) async fn checks(config: &Config, store: Store) -> Result<(Auth, Option<Tls>), Fault> {
    let people = people(config, store)?;
    match people.seal_codes().await {
        Ok(()) => {}
        Err(PeopleFault::Store(fault)) => return Err(Fault::Unavailable(fault.to_string())),
        // Payments go on: those who have codes cannot log in but by a recovery code.
        Err(fault) => tracing::error!("{fault}"),
    }
    let provider = config.oidc.as_ref().map(|oidc| {
        Provider::new(ProviderSettings {
            issuer: oidc.issuer.clone(),
            client_id: oidc.client_id.clone(),
            client_secret: oidc.client_secret.clone(),
            public_url: oidc.public_url.clone(),
            scopes: oidc.scopes.clone(),
            name_claim: oidc.name_claim.clone(),
            groups_claim: oidc.groups_claim.clone(),
            extension_claim: oidc.extension_claim.clone(),
            roles: oidc.roles.iter().map(|(role, groups)| (*role, groups.clone())).collect(),
            skew_s: i64::from(oidc.skew_s),
        })
    });
    let provider = provider.transpose().map_err(|fault| Fault::Settings(fault.to_string()))?;
    let api = &config.api;
    let tls = match (&api.tls_certificate_file, &api.tls_key_file) {
        (Some(certificate), Some(key)) => {
            Some(Tls::load(certificate, key).map_err(|fault| Fault::Settings(fault.to_string()))?)
        }
        _ => None,
    };
    let doorway = Doorway {
        tls: tls.is_some(),
        behind_proxy: api.behind_tls_proxy,
        trusted_proxies: api.trusted_proxies.clone(),
        frame_ancestors: config.console.frame_ancestors.clone(),
    };
    Ok((Auth::new(people, api.key.clone(), provider, doorway), tls))
}

/// Opens the daemon's own door.
pub(in crate::cli) fn open_door(auth: &Auth, stop: CancellationToken) -> Result<JoinHandle<()>, Fault> {
    let people = auth.people();
    door::open(people, stop).map_err(|fault| {
        let path = door::path(people.store_file());
        Fault::Unavailable(format!(
            "{}: the door for `tonegate user` cannot be made: {fault}; check the directory, and that it is on a file \
             system that holds sockets",
            path.display()
        ))
    })
}
