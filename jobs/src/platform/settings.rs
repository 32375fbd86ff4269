//! How to reach the platform.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Certificate, Client, Proxy, Url, redirect};

use super::wire::cut;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// How to reach the platform. `Debug` shows neither the secret nor the proxy (which may hold a password).
#[derive(Clone)]
pub struct PlatformSettings {
    /// `https://host[:port]`, with a path prefix where the platform has one. `http://` is for a simulator on loopback.
    pub url: String,
    /// `X-App-Key`.
    pub app_key: String,
    /// The shared secret of the signatures.
    pub secret: String,
    /// PEM certificates to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// `http://[user:password@]host:port`. Proxies that the environment names are not used.
    pub proxy: Option<String>,
}

impl fmt::Debug for PlatformSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformSettings")
            .field("url", &self.url)
            .field("app_key", &self.app_key)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

/// Settings that no client can be made of: the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not an address, or one with a user, query or fragment.
    #[error("平台地址“{0}”无法使用：须为 https://主机[:端口][/路径]，且不含用户名和参数")]
    Url(String),
    /// Nothing but visible ASCII fits into a header.
    #[error("平台应用标识（app key）须为可见的 ASCII 字符，且不为空")]
    AppKey,
    /// An empty secret signs nothing.
    #[error("平台密钥（secret）为空")]
    Secret,
    /// The file cannot be read.
    #[error("证书文件 {path} 无法读取：{cause}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The file holds no certificate.
    #[error("证书文件 {0} 中没有可用的 PEM 证书")]
    CaContent(PathBuf),
    /// The proxy's address is none. It is not repeated, for it may hold a password.
    #[error("代理地址无法使用：须为 http://主机:端口")]
    Proxy,
    /// TLS cannot be set up; most often the system has no certificates.
    #[error("无法建立安全连接（系统可能没有安装根证书，可用证书文件指定）：{0}")]
    Tls(String),
}

impl PlatformSettings {
    /// A client by these settings, and the address that all paths begin with.
    pub(super) fn client(&self) -> Result<(Client, Url), SettingsError> {
        let base = base_url(&self.url)?;
        if self.app_key.is_empty() || !self.app_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SettingsError::AppKey);
        }
        if self.secret.is_empty() {
            return Err(SettingsError::Secret);
        }
        // reqwest is built without a provider of its own; that another part of the process was first does not matter
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(redirect::Policy::none())
            .no_proxy();
        if let Some(path) = &self.ca_file {
            let pem = std::fs::read(path).map_err(|cause| SettingsError::CaFile {
                path: path.clone(),
                cause,
            })?;
            let certificates = Certificate::from_pem_bundle(&pem).unwrap_or_default();
            if certificates.is_empty() {
                return Err(SettingsError::CaContent(path.clone()));
            }
            client = client.tls_certs_only(certificates);
        } else if base.scheme() == "http" {
            // no TLS: a machine without any root certificates will do
            client = client.tls_certs_only([]);
        }
        if let Some(proxy) = &self.proxy {
            client = client.proxy(Proxy::all(proxy).map_err(|_| SettingsError::Proxy)?);
        }
        let client = client.build().map_err(|error| SettingsError::Tls(chain(&error)))?;
        Ok((client, base))
    }
}

fn base_url(text: &str) -> Result<Url, SettingsError> {
    let refuse = || SettingsError::Url(without_user(text));
    let url = Url::parse(text).map_err(|_| refuse())?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if plain && matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err(refuse())
    }
}

/// An address for a message: what stands before an `@` may be a password.
fn without_user(text: &str) -> String {
    cut(text.rsplit_once('@').map_or(text, |(_, host)| host).to_owned(), 200)
}

/// An error and its causes: the outermost of reqwest's says only that something went wrong.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::platform::{Platform, Profile};

    fn settings() -> PlatformSettings {
        PlatformSettings {
            url: "http://127.0.0.1:9".into(),
            app_key: "key".into(),
            secret: "s3cr3t".into(),
            ca_file: None,
            proxy: Some("http://u:p4ss@127.0.0.1:9".into()),
        }
    }

    #[test]
    fn neither_secret_nor_proxy_is_shown() {
        let platform = Platform::new(settings(), Profile::national_v1(), Clock::system()).unwrap();
        for shown in [format!("{:?}", settings()), format!("{platform:?}")] {
            assert!(!shown.contains("s3cr3t") && !shown.contains("p4ss"), "{shown}");
        }
    }

    #[test]
    fn unusable_settings_are_named() {
        let refused = |change: fn(&mut PlatformSettings)| {
            let mut settings = settings();
            change(&mut settings);
            Platform::new(settings, Profile::national_v1(), Clock::system())
                .map(|_| ())
                .unwrap_err()
                .to_string()
        };
        assert!(refused(|settings| settings.url = "platform".into()).contains("平台地址"));
        let said = refused(|settings| settings.url = "https://u:hush@host".into());
        assert!(said.contains("平台地址") && !said.contains("hush"), "{said}");
        assert!(refused(|settings| settings.app_key = "a b".into()).contains("应用标识"));
        assert!(refused(|settings| settings.secret.clear()).contains("密钥"));
        assert!(refused(|settings| settings.proxy = Some("::".into())).contains("代理"));
        assert!(refused(|settings| settings.ca_file = Some("/nowhere.pem".into())).contains("/nowhere.pem"));
    }
}
