//! A client of etcd, which says again who it is when etcd has forgotten: tokens of users last minutes.

use std::future::Future;

use etcd_client::{Certificate, Client, ConnectOptions, Identity, TlsOptions};

use crate::error::Result;

use super::options::{EtcdOptions, Login};
use super::trouble::is_token_over;

type Answer<T> = std::result::Result<T, etcd_client::Error>;

/// A client, and how it logs in.
#[derive(Clone)]
pub(super) struct LoggedIn {
    client: Client,
    login: Option<Login>,
}

impl LoggedIn {
    /// What connects; files are read here, before anybody waits.
    pub(super) fn connect(
        options: &EtcdOptions,
    ) -> Result<impl Future<Output = Answer<Self>> + Send + 'static> {
        let (urls, login) = (options.urls(), options.login.clone());
        let mut connect = ConnectOptions::new();
        if let Some(Login { name, password }) = &login {
            connect = connect.with_user(name, password);
        }
        if let Some(files) = options.read_certificates()? {
            let mut tls = TlsOptions::new().ca_certificate(Certificate::from_pem(files.ca));
            if let Some((certificate, key)) = files.own {
                tls = tls.identity(Identity::from_pem(certificate, key));
            }
            connect = connect.with_tls(tls);
        }
        Ok(async move {
            let client = Client::connect(urls, Some(connect)).await?;
            Ok(Self { client, login })
        })
    }

    /// Asks for something, and once more if etcd wants to know again who asks.
    pub(super) async fn ask<T, F>(&self, request: impl Fn(Client) -> F) -> Answer<T>
    where
        F: Future<Output = Answer<T>>,
    {
        match (request(self.client.clone()).await, &self.login) {
            (Err(error), Some(Login { name, password })) if is_token_over(&error) => {
                // All clones have one token.
                let mut client = self.client.clone();
                client.set_client_auth(name.clone(), password.clone()).await?;
                request(client).await
            }
            (result, _) => result,
        }
    }
}
