//! The section `[server]`.

use std::net::{SocketAddr, ToSocketAddrs};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::SocketAddr as UnixAddr;
use std::path::{Path, PathBuf};

use paste_core::{Network, TrustedProxies};
use paste_server::Server;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use toml::Spanned;

use super::{LimitOptions, Problems, Section, deserialize};

/// Where the site is served, and how.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ServerOptions {
    /// Where to listen, or a list of that: `HOST:PORT` (port 0 takes a free one), `unix:PATH`, or
    /// `fd` for the sockets that systemd hands over.
    #[serde(default = "default_listen", deserialize_with = "addresses")]
    #[schemars(with = "OneOrMany<String>")]
    pub listen: Vec<String>,
    /// The name of the app to serve.
    #[serde(default = "default_app")]
    #[schemars(with = "String", default = "app_name")]
    pub app: Spanned<String>,
    /// How many threads work, at most 1024; 0 means one per core.
    #[serde(default, deserialize_with = "threads")]
    pub workers: usize,
    /// Whether each of these threads accepts for itself, and keeps what it accepts.
    #[serde(default)]
    pub per_core: bool,
    /// The certificate and key of https, as PEM files; or a list of them, chosen by name.
    #[serde(default, deserialize_with = "one_or_many_options")]
    #[schemars(with = "Option<OneOrMany<TlsOptions>>")]
    pub tls: Vec<TlsOptions>,
    /// Where to listen only to redirect to https, or a list of that.
    #[serde(default, deserialize_with = "addresses")]
    #[schemars(with = "Option<OneOrMany<String>>")]
    pub redirect_to_https: Vec<String>,
    /// The mode of the files of Unix sockets, such as "660".
    #[serde(default, deserialize_with = "mode")]
    #[schemars(with = "Option<String>")]
    pub unix_mode: Option<u32>,
    /// Whether a proxy says by a PROXY header who the client is, before anything else.
    #[serde(default)]
    pub proxy_protocol: bool,
    /// The networks of the proxies before the server, such as `10.0.0.0/8`, and `unix` for whoever
    /// comes by a Unix socket. They are believed about the client's address, scheme and host
    /// (`Forwarded`, `X-Forwarded-For`, `-Proto`, `-Host`).
    #[serde(default, deserialize_with = "proxies")]
    #[schemars(with = "Option<Vec<String>>")]
    pub trusted_proxies: Option<TrustedProxies>,
    /// A path that tells how the server is: 200, or 503 while it stops.
    #[serde(default, deserialize_with = "path")]
    pub health: Option<String>,
    /// What a client may cost.
    #[serde(default)]
    #[schemars(default = "no_limits")]
    pub limits: LimitOptions,
}

/// The certificate and the key of one name or more. Files that change are read anew.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TlsOptions {
    /// The file with the certificate, and those that sign it behind it.
    pub cert: PathBuf,
    /// The file with the private key.
    pub key: PathBuf,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            listen: default_listen(),
            app: default_app(),
            workers: 0,
            per_core: false,
            tls: Vec::new(),
            redirect_to_https: Vec::new(),
            unix_mode: None,
            proxy_protocol: false,
            trusted_proxies: None,
            health: None,
            limits: LimitOptions::default(),
        }
    }
}

impl ServerOptions {
    /// Reads the section of a file in `dir`.
    pub(crate) fn read(section: Section<'_>, dir: &Path, problems: &mut Problems) -> Self {
        let place =
            |key: &str| section.options.get(key).map_or(section.span.clone(), Spanned::span);
        let (listen, redirect, tls) = (place("listen"), place("redirect_to_https"), place("tls"));
        let options: Option<Self> =
            deserialize(section.options, &section.span, "[server]", problems);
        let Some(mut options) = options else { return Self::default() };
        let mut seen = Vec::new();
        for (addresses, place) in
            [(&options.listen, &listen), (&options.redirect_to_https, &redirect)]
        {
            for address in addresses {
                if let Err(problem) = check_listed(address, &mut seen) {
                    problems.add(place.clone(), format!("[server]: {problem}"));
                }
            }
        }
        if options.tls.is_empty() && !options.redirect_to_https.is_empty() {
            problems.add(redirect.clone(), "[server]: `redirect_to_https` needs `tls`");
        }
        for pair in &mut options.tls {
            for problem in check_pair(pair, dir) {
                problems.add(tls.clone(), format!("[server]: {problem}"));
            }
        }
        for (addresses, place) in
            [(&mut options.listen, listen), (&mut options.redirect_to_https, redirect)]
        {
            for address in addresses {
                let Some(path) = address.strip_prefix("unix:").map(|path| dir.join(path)) else {
                    continue;
                };
                if let Err(problem) = check_socket_file(&path) {
                    let message = format!("[server]: cannot listen on {address}: {problem}");
                    problems.add(place.clone(), message);
                }
                *address = format!("unix:{}", path.display());
            }
        }
        options
    }
}

/// What is wrong with a certificate and its key, whose names become relative to `dir`.
fn check_pair(pair: &mut TlsOptions, dir: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    for file in [&mut pair.cert, &mut pair.key] {
        *file = dir.join(&*file);
        if let Err(error) = std::fs::File::open(&*file) {
            problems.push(format!("cannot read {}: {error}", file.display()));
        }
    }
    if problems.is_empty()
        && let Err(error) = Server::new().tls(&pair.cert, &pair.key).check_certificates()
    {
        problems.push(error.to_string());
    }
    problems
}

/// Whether a socket may be made at `path`, as far as can be told without making it.
fn check_socket_file(path: &Path) -> Result<(), String> {
    UnixAddr::from_pathname(path).map_err(|error| error.to_string())?;
    if path.symlink_metadata().is_ok_and(|found| !found.file_type().is_socket()) {
        return Err("there is a file of this name, which is not a socket".to_owned());
    }
    let dir = path.parent().unwrap_or(path);
    match dir.metadata() {
        Err(error) => Err(format!("cannot read the directory {}: {error}", dir.display())),
        Ok(found) if !found.is_dir() => Err(format!("{} is not a directory", dir.display())),
        Ok(_) => Ok(()),
    }
}

impl ServerOptions {
    /// Whether a server that runs with `old` needs no restart.
    pub(crate) fn differs_only_in_limits(&self, old: &Self) -> bool {
        let same = |of: fn(&Self) -> String| of(self) == of(old);
        same(|options| {
            let Self { listen, workers, per_core, tls, redirect_to_https, .. } = options;
            format!("{listen:?} {workers} {per_core} {tls:?} {redirect_to_https:?}")
        }) && same(|options| {
            let Self { unix_mode, proxy_protocol, health, limits, .. } = options;
            format!("{unix_mode:?} {proxy_protocol} {health:?} {:?}", limits.graceful_timeout)
        })
    }
}

/// Whether the address can be had beside those that were `seen`, as far as can be told without
/// listening.
fn check_listed(address: &String, seen: &mut Vec<String>) -> Result<(), String> {
    let mut names = vec![address.clone()];
    if address != "fd" && !address.starts_with("unix:") {
        let resolved = address.to_socket_addrs();
        let resolved = resolved.map_err(|error| format!("cannot resolve `{address}`: {error}"))?;
        // Port 0 is another one each time.
        names = resolved.filter(|found| found.port() != 0).map(|found| found.to_string()).collect();
    }
    // The first that can be had is listened to, so the others may be used again.
    let name = names.into_iter().next();
    match name {
        Some(name) if seen.contains(&name) => Err(format!("`{address}` stands twice")),
        Some(name) if seen.iter().any(|other| overlap(&name, other)) => {
            Err(format!("`{address}` overlaps another address of the list"))
        }
        name => {
            seen.extend(name);
            Ok(())
        }
    }
}

/// Whether one of two addresses is all of the machine's with the port of the other. Those of the two
/// families go together.
fn overlap(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (one.parse::<SocketAddr>(), other.parse::<SocketAddr>()) else {
        return false;
    };
    one.port() == other.port()
        && one.is_ipv4() == other.is_ipv4()
        && (one.ip().is_unspecified() || other.ip().is_unspecified())
}

fn default_listen() -> Vec<String> {
    vec!["127.0.0.1:8080".to_owned()]
}

fn default_app() -> Spanned<String> {
    Spanned::new(0..0, app_name())
}

fn app_name() -> String {
    "main".to_owned()
}

fn no_limits() -> Option<LimitOptions> {
    None
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes keys in the schema")]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

/// One value or a list of them, each told by itself when it is wrong.
fn one_or_many<'de, D, T>(deserializer: D, expected: &str) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = Spanned::<toml::Value>::deserialize(deserializer)?.into_inner();
    let wrong = |error: toml::de::Error| serde::de::Error::custom(error.message());
    match value {
        toml::Value::Array(values) if values.is_empty() => {
            Err(serde::de::Error::custom(format!("invalid length 0, expected {expected}")))
        }
        toml::Value::Array(values) => {
            values.into_iter().map(|value| value.try_into().map_err(wrong)).collect()
        }
        value => value.try_into().map(|one| vec![one]).map_err(wrong),
    }
}

fn one_or_many_options<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<TlsOptions>, D::Error> {
    one_or_many(deserializer, "`{ cert = ..., key = ... }`, or a list of them")
}

fn addresses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let expected = "an address such as \"127.0.0.1:8080\", or a list of them";
    let addresses: Vec<toml::Value> = one_or_many(deserializer, expected)?;
    let address = |value: toml::Value| match value {
        toml::Value::String(text) => parse_address(&text),
        other => Err(format!("invalid type: {} `{other}`, expected {expected}", other.type_str())),
    };
    addresses.into_iter().map(address).collect::<Result<_, _>>().map_err(serde::de::Error::custom)
}

/// Checks an address as the server will read it.
pub(crate) fn parse_address(text: &str) -> Result<String, String> {
    let is_name = |host: &str| {
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    let is_special =
        text == "fd" || text.strip_prefix("unix:").is_some_and(|path| !path.is_empty());
    let is_address = text.parse::<SocketAddr>().is_ok();
    let is_named = text.rsplit_once(':').is_some_and(|(host, port)| {
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
        !matches!(host, "" | "unix" | "fd") && is_name(host) && is_port
    });
    if is_special || is_address || is_named {
        return Ok(text.to_owned());
    }
    let about_fd = if text.starts_with("fd") {
        "; `fd` alone stands for all sockets that the service manager hands over"
    } else {
        ""
    };
    Err(format!("`{text}` is not an address: expected HOST:PORT, unix:PATH or fd{about_fd}"))
}

fn proxies<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TrustedProxies>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let (unix, networks): (Vec<_>, Vec<_>) = texts.iter().partition(|text| *text == "unix");
    let network = |text: &String| {
        let wrong = |error| serde::de::Error::custom(format!("{error}, nor `unix`"));
        text.parse::<Network>().map_err(wrong)
    };
    let networks = networks.into_iter().map(network).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(TrustedProxies::new(networks).unix(!unix.is_empty())))
}

/// More threads than any machine has cores are a mistake.
fn threads<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let workers = usize::deserialize(deserializer)?;
    if workers <= 1024 {
        Ok(workers)
    } else {
        Err(serde::de::Error::custom(format!("{workers} threads are more than 1024")))
    }
}

/// Octal digits, as `chmod` takes them.
fn mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match u32::from_str_radix(&text, 8) {
        Ok(mode) if mode <= 0o777 && text.len() <= 4 => Ok(Some(mode)),
        _ => Err(serde::de::Error::custom(format!("`{text}` is not a mode such as `660`"))),
    }
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.starts_with('/') && !text.contains(['?', '#']) {
        Ok(Some(text))
    } else {
        Err(serde::de::Error::custom(format!("`{text}` is not a path that begins with a slash")))
    }
}
