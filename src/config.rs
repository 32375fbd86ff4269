//! What a deployment sets, all of it in environment variables.
//!
//! | variable | default | what |
//! |---|---|---|
//! | `RETROFIT_DATA_DIR` | `./retrofit-data` | uploads, and the database where no other is named |
//! | `RETROFIT_DATABASE_URL` | `$RETROFIT_DATA_DIR/registry.db` | a file path, `sqlite://PATH` or `postgres://…` |
//! | `RETROFIT_CATALOGUE_DIR` | `$RETROFIT_DATA_DIR/catalogue` | an existing folder of files that replace those of the catalogue |
//! | `RETROFIT_BIND` | `127.0.0.1:8080` | where the pages are served |
//! | `RETROFIT_METRICS_TOKEN` | none | who sends it may read `/metrics`; without one, only this machine may |
//! | `RETROFIT_PLATFORM_URL`, `…_APP_KEY`, `…_SECRET` | none | the national platform |
//! | `RETROFIT_PLATFORM_CA_FILE` | the system's | PEM certificates to trust instead |
//! | `RETROFIT_PLATFORM_PROXY` | none | `http://[user:password@]host:port` |
//! | `RETROFIT_PLATFORM_PROFILE` | `national-v1` | a profile of another platform, TOML |

use std::env::{self, VarError};
use std::net::SocketAddr;
use std::path::PathBuf;

use retrofit_jobs::platform::PlatformSettings;
use thiserror::Error;

/// A setting that cannot be used: the operator's to mend.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Not set although it is needed.
    #[error("缺少环境变量 {0}：请设置后重试。")]
    Missing(&'static str),
    /// Set to something that cannot be read.
    #[error("环境变量 {name} 的值无法使用：{reason}。")]
    Broken {
        /// The variable.
        name: &'static str,
        /// Why.
        reason: String,
    },
}

/// The settings of a deployment.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where files are kept.
    pub data_dir: PathBuf,
    /// The database's address; may hold a password.
    pub database_url: String,
    /// Files that replace those of the catalogue.
    pub catalogue_dir: PathBuf,
    /// Where the pages are served.
    pub bind: SocketAddr,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// A variable that is no text, an address that is none, or a catalogue folder that is not there.
    pub fn from_env() -> Result<Self, ConfigError> {
        let data_dir = PathBuf::from(var("RETROFIT_DATA_DIR")?.unwrap_or_else(|| "./retrofit-data".into()));
        let database_url =
            var("RETROFIT_DATABASE_URL")?.unwrap_or_else(|| data_dir.join("registry.db").display().to_string());
        let catalogue_dir = match var("RETROFIT_CATALOGUE_DIR")?.map(PathBuf::from) {
            None => data_dir.join("catalogue"),
            Some(folder) if folder.is_dir() => folder,
            // Mistyped, it would silently give the catalogue that ships with the program.
            Some(folder) => {
                return Err(ConfigError::Broken {
                    name: "RETROFIT_CATALOGUE_DIR",
                    reason: format!("“{}”不是文件夹，请核对路径或先建立它", folder.display()),
                });
            }
        };
        let bind = var("RETROFIT_BIND")?.unwrap_or_else(|| "127.0.0.1:8080".into());
        let bind = bind.parse().map_err(|_| ConfigError::Broken {
            name: "RETROFIT_BIND",
            reason: format!("“{bind}”不是“地址:端口”，例如 127.0.0.1:8080"),
        })?;
        Ok(Self {
            data_dir,
            database_url,
            catalogue_dir,
            bind,
        })
    }
}

/// The settings of the national platform, read when they are needed: the rest of the program works without them.
///
/// # Errors
/// One of the three that are needed is missing.
pub fn platform() -> Result<PlatformSettings, ConfigError> {
    let needed = |name| var(name)?.ok_or(ConfigError::Missing(name));
    Ok(PlatformSettings {
        url: needed("RETROFIT_PLATFORM_URL")?,
        app_key: needed("RETROFIT_PLATFORM_APP_KEY")?,
        secret: needed("RETROFIT_PLATFORM_SECRET")?,
        ca_file: var("RETROFIT_PLATFORM_CA_FILE")?.map(PathBuf::from),
        proxy: var("RETROFIT_PLATFORM_PROXY")?,
    })
}

/// The file of another platform's profile, where one is set.
///
/// # Errors
/// The variable is no text.
pub fn platform_profile() -> Result<Option<PathBuf>, ConfigError> {
    Ok(var("RETROFIT_PLATFORM_PROFILE")?.map(PathBuf::from))
}

/// The token that opens `/metrics`.
///
/// # Errors
/// The variable is no text.
pub fn metrics_token() -> Result<Option<String>, ConfigError> {
    var("RETROFIT_METRICS_TOKEN")
}

/// A variable; one that is empty counts as not set.
fn var(name: &'static str) -> Result<Option<String>, ConfigError> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(ConfigError::Broken {
            name,
            reason: "不是 UTF-8 文字".into(),
        }),
    }
}
