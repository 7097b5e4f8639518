//! A client of etcd that logs in again when its token has expired, which takes minutes.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use etcd_client::{Certificate, Client, ConnectOptions, Identity, TlsOptions};
use tokio::sync::Mutex;

use crate::error::Result;

use super::options::{EtcdOptions, Login};
use super::trouble::{Trouble, is_closed, is_token_over};

type Answer<T> = std::result::Result<T, etcd_client::Error>;

/// The number of attempts if etcd closes the connection, until it gives a reason.
const GREETINGS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);

/// A client and its credentials.
#[derive(Clone)]
pub(super) struct LoggedIn {
    client: Client,
    login: Option<Login>,
    /// The number of logins so far. Locked during a login.
    logins: Arc<Mutex<u64>>,
}

impl LoggedIn {
    /// Makes a client. Certificate files are read here, before any asynchronous work.
    pub(super) fn connect(
        options: &EtcdOptions,
    ) -> Result<impl Future<Output = std::result::Result<Self, Trouble>> + Send + 'static> {
        let (urls, login) = (options.urls(), options.login.clone());
        let mut connect = ConnectOptions::new();
        let certificates = options.read_certificates()?;
        let is_secure = certificates.is_some();
        if let Some(files) = certificates {
            let mut tls = TlsOptions::new().ca_certificate(Certificate::from_pem(files.ca));
            if let Some((certificate, key)) = files.own {
                tls = tls.identity(Identity::from_pem(certificate, key));
            }
            connect = connect.with_tls(tls);
        }
        Ok(async move {
            let client = Client::connect(urls, Some(connect)).await?;
            let logged_in = Self { client, login, logins: Arc::default() };
            if is_secure {
                logged_in.greet().await?;
            }
            logged_in.log_in(0).await?;
            Ok(logged_in)
        })
    }

    /// Sends a first request over TLS.
    ///
    /// etcd only checks the client's certificate when the client already considers the connection
    /// established, and its reason for a refusal may be lost when the connection closes.
    async fn greet(&self) -> std::result::Result<(), Trouble> {
        for _ in 0..GREETINGS {
            match self.client.clone().get("/", None).await {
                Err(error) if is_closed(&error) => tokio::time::sleep(PAUSE).await,
                Err(error) => {
                    let trouble = Trouble::from(error);
                    // Any answer shows that the connection works.
                    return if trouble.is_answer { Ok(()) } else { Err(trouble) };
                }
                Ok(_) => return Ok(()),
            }
        }
        Err(Trouble::hung_up())
    }

    /// Logs in, unless this was done since the given number of logins.
    async fn log_in(&self, times: u64) -> Answer<()> {
        let Some(Login { name, password }) = &self.login else { return Ok(()) };
        let mut logins = self.logins.lock().await;
        if *logins == times {
            // All clones share a token, and with an expired token no login is possible.
            let mut client = self.client.clone();
            client.remove_client_auth();
            client.set_client_auth(name.clone(), password.clone()).await?;
            *logins += 1;
        }
        Ok(())
    }

    /// Sends a request, and repeats it after a login if the token has expired.
    pub(super) async fn ask<T, F>(&self, request: impl Fn(Client) -> F) -> Answer<T>
    where
        F: Future<Output = Answer<T>>,
    {
        if self.login.is_none() {
            return request(self.client.clone()).await;
        }
        let logins = *self.logins.lock().await;
        match request(self.client.clone()).await {
            Err(error) if is_token_over(&error) => {
                self.log_in(logins).await?;
                request(self.client.clone()).await
            }
            result => result,
        }
    }
}
