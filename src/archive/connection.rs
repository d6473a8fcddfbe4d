//! The connection to a server, through `opendal`: whom it trusts, how long it waits, and how it is cancelled.
//!
//! Everything of it belongs to one operation of a store, its threads and sockets too: a process that was forked has none of its
//! parent's.

use std::error::Error as StdError;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opendal::services::{S3, Webdav};
use opendal::{HttpTransporter, OperationContext, Operator};
use opendal_http_transport_reqwest::ReqwestTransport;
use secrecy::ExposeSecret;
use tokio::runtime::Runtime;

use crate::archive::meter::Meter;
use crate::archive::trouble::without_secrets;
use crate::archive::trust;
use crate::options::Archive;
use crate::report::error::{Argument, Cause, Error, Expected, Result};

/// How often a request is repeated that broke off, after one, two and four seconds.
const RETRIES: u32 = 3;
/// Seconds for an answer, unless the option says otherwise.
const PATIENCE: u64 = 30;
/// The longest that the option may say.
const MOST_PATIENCE: u64 = 3600;
/// A connection that is slower has stopped. A file has the time that it takes at this speed on top.
const SLOWEST_BYTES_PER_SECOND: u64 = 32 << 10;
/// How often a request looks whether it was cancelled.
const LOOK: Duration = Duration::from_millis(50);
/// Options that are not the service's.
const CA_FILE: &str = "ca_file";
const TIMEOUT: &str = "timeout_seconds";

/// A connection.
pub(super) struct Connection {
    /// For requests whose answer is what takes long: one that is silent for too long has broken off.
    pub reading: Operator,
    /// For files that are sent: nothing comes back before they are there.
    pub writing: Operator,
    patience: Duration,
    /// Why the server was given up. What comes after that fails at once, so that the operation ends.
    given_up: Mutex<Option<Cause>>,
    meter: Arc<Meter>,
    options: Archive,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

/// How an attempt ended.
enum Outcome<T> {
    Answered(opendal::Result<T>),
    TimeOut,
    Cancelled,
}

impl Connection {
    /// Connects nowhere yet.
    pub fn new(service: &str, options: &Archive, meter: &Arc<Meter>) -> Result<Connection> {
        let unreachable = |why: String| {
            let why = without_secrets(why, options);
            Error::at(Cause::ArchiveUnreachable(why), options.location())
        };
        let patience = Duration::from_secs(patience(options)?);
        let operator = |client| -> Result<Operator> {
            let given = options.options.iter();
            let given = given.filter(|(key, _)| ![CA_FILE, TIMEOUT].contains(&key.as_str()));
            let given = given.map(|(key, value)| (key.clone(), value.expose_secret().to_owned()));
            let operator = match service {
                "s3" => Operator::from_iter::<S3>(given),
                _ => Operator::from_iter::<Webdav>(given),
            };
            let transport = HttpTransporter::new(ReqwestTransport::from(client));
            let context = OperationContext::new().with_http_transport(transport);
            let operator = operator.map_err(|error| unreachable(error.to_string()))?;
            Ok(operator.with_context(context))
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("respaldo-server")
            .enable_all()
            .build()
            .map_err(|error| Error::new(Cause::NoThread(error.to_string())))?;
        Ok(Connection {
            reading: operator(client(options, patience, Some(patience))?)?,
            writing: operator(client(options, patience, None)?)?,
            patience,
            given_up: Mutex::default(),
            meter: Arc::clone(meter),
            options: options.clone(),
            runtime: Some(runtime),
        })
    }

    /// Sends a request that moves so many bytes, again if it breaks off. `None` where the server has no such file.
    pub fn request<T, F>(&self, bytes: u64, send: impl Fn() -> F) -> std::result::Result<Option<T>, Cause>
    where
        F: Future<Output = opendal::Result<T>>,
    {
        let given_up = || self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cause) = given_up().clone() {
            return Err(cause);
        }
        let limit = self.patience + Duration::from_secs(bytes / SLOWEST_BYTES_PER_SECOND);
        let mut attempt = 0;
        let cause = loop {
            match self.attempt(limit, send()) {
                Outcome::Cancelled => return Err(Cause::Cancelled),
                Outcome::TimeOut => break self.no_answer(),
                Outcome::Answered(Err(error)) if is_timeout(&error) => break self.no_answer(),
                Outcome::Answered(Ok(answer)) => return Ok(Some(answer)),
                Outcome::Answered(Err(error)) if error.kind() == opendal::ErrorKind::NotFound => return Ok(None),
                Outcome::Answered(Err(error)) => match self.cause_of(&error) {
                    Cause::ArchiveUnreachable(_) if error.is_temporary() && attempt < RETRIES => {
                        let pause = Duration::from_secs(1 << attempt).min(self.patience);
                        let sleep = async {
                            tokio::time::sleep(pause).await;
                            Ok(())
                        };
                        if matches!(self.attempt(limit + pause, sleep), Outcome::Cancelled) {
                            return Err(Cause::Cancelled);
                        }
                        attempt += 1;
                    }
                    cause @ Cause::ArchiveUnreachable(_) if !error.is_temporary() => return Err(cause),
                    cause => break cause,
                },
            }
        };
        *given_up() = Some(cause.clone());
        Err(cause)
    }

    fn attempt<T>(&self, limit: Duration, work: impl Future<Output = opendal::Result<T>>) -> Outcome<T> {
        let Some(runtime) = &self.runtime else {
            return Outcome::Cancelled;
        };
        runtime.block_on(async {
            let work = tokio::time::timeout(limit, work);
            let mut work = pin!(work);
            loop {
                match tokio::time::timeout(LOOK, work.as_mut()).await {
                    Ok(Ok(answer)) => return Outcome::Answered(answer),
                    Ok(Err(_)) => return Outcome::TimeOut,
                    Err(_) if self.meter.is_cancelled() => return Outcome::Cancelled,
                    Err(_) => {}
                }
            }
        })
    }

    fn no_answer(&self) -> Cause {
        Cause::ArchiveUnreachable(format!("no answer for {} s", self.patience.as_secs()))
    }

    fn cause_of(&self, error: &opendal::Error) -> Cause {
        if let Some(why) = trust::untrusted(error) {
            return Cause::ArchiveUntrusted(why);
        }
        let text = error.to_string();
        // WebDAV's "insufficient storage"; opendal tells it in its text only.
        if text.contains("status: 507") {
            return Cause::DiskFull {
                needed: None,
                free: None,
            };
        }
        Cause::ArchiveUnreachable(without_secrets(text, &self.options))
    }
}

impl Drop for Connection {
    /// Without waiting: a name server that does not answer would keep a cancelled operation.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn patience(options: &Archive) -> Result<u64> {
    let Some(given) = options.options.get(TIMEOUT) else {
        return Ok(PATIENCE);
    };
    let seconds = given.expose_secret().parse().ok();
    seconds
        .filter(|seconds| (1..=MOST_PATIENCE).contains(seconds))
        .ok_or_else(|| {
            Error::argument(Argument::BadValue {
                key: "archive.options.timeout_seconds",
                expected: Expected::Whole(1, MOST_PATIENCE),
            })
        })
}

fn client(options: &Archive, patience: Duration, silence: Option<Duration>) -> Result<reqwest::Client> {
    trust::install_cryptography();
    let builder = reqwest::Client::builder().connect_timeout(patience);
    let builder = match silence {
        Some(silence) => builder.read_timeout(silence),
        None => builder,
    };
    // What was sent is given up as soon as nobody acknowledges it; the system itself would wait for a quarter of an hour.
    #[cfg(target_os = "linux")]
    let builder = builder.tcp_user_timeout(patience);
    let builder = match options.options.get(CA_FILE) {
        Some(file) => builder.tls_backend_preconfigured(trust::in_file(Path::new(file.expose_secret()))?),
        None => builder,
    };
    // Such as a system without authorities.
    builder.build().map_err(|error| {
        let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        Error::at(Cause::ArchiveUntrusted(why), options.location())
    })
}

fn is_timeout(error: &opendal::Error) -> bool {
    let mut next = error.source();
    while let Some(error) = next {
        if error
            .downcast_ref::<reqwest::Error>()
            .is_some_and(reqwest::Error::is_timeout)
        {
            return true;
        }
        next = error.source();
    }
    false
}
