//! Who may use the console, and how they prove who they are. There is no account at first: the first
//! is made with a code that only the machine's administrator can read.

mod throttle;

use crate::clock;
use crate::enrolment::{new_secret, token_digest};
use crate::store::{AccountChange, AccountRow, SessionRow, Store, StoreError};
use anyhow::Context as _;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use cotmoc_controller_core::role::Role;
use cotmoc_proto::time::MINUTE;
use cotmoc_service::file;
use ring::hmac;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use throttle::Throttle;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

const CODE_FILE: &str = "first-run.code";
const CODE_CHARS: usize = 20;
const MAX_FILE_BYTES: u64 = 256;
/// Passwords are tried by two at a time: each takes 19 MiB.
const AT_ONCE: usize = 2;
/// The fewest characters of a password.
pub const LEAST_CHARS: usize = 12;
const MOST_CHARS: usize = 256;
const MOST_NAME_CHARS: usize = 80;
const MOST_ACCOUNT_CHARS: usize = 32;
/// The name under which wrong first-run codes are counted; no account has it.
const FIRST_RUN: &str = "(first run)";

/// The accounts of the console.
#[derive(Debug)]
pub struct Accounts {
    store: Store,
    code: PathBuf,
    throttle: Mutex<Throttle>,
    turns: Semaphore,
    /// What an unknown name is tried against, so that it takes as long as a known one.
    decoy: String,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub account: String,
    pub name: String,
    pub role: Role,
    pub password: String,
}

/// Why somebody did not sign in, or an account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("too many attempts: try again in {0} s")]
    Wait(u32),
    #[error("name or password is wrong")]
    Wrong,
    #[error("the code is wrong")]
    WrongCode,
    #[error("there is an administrator already")]
    NotFirst,
    #[error(
        "a password has {LEAST_CHARS} to {MOST_CHARS} characters and is not the account's name"
    )]
    Weak,
    #[error(
        "an account's name has 2 to 32 of a-z, 0-9, '.', '-' and '_', and its person has a name"
    )]
    Name,
    #[error("there is an account of this name")]
    Taken,
    #[error("there is no such account, or it is the last administrator's")]
    NoChange,
    #[error("the system gives no randomness")]
    Randomness,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Accounts {
    /// The accounts in `store`. While nobody can keep them, a code in the folder `data` lets whoever
    /// can read it make the first administrator.
    ///
    /// # Errors
    /// With the step that failed.
    pub async fn open(data: &Path, store: Store) -> anyhow::Result<Self> {
        let code = data.join(CODE_FILE);
        if store.has_administrator().await? {
            forget(&code);
        } else if !code.exists() {
            let secret = new_secret().context("the system gives no randomness")?;
            let text: String = secret.chars().take(CODE_CHARS).collect();
            file::write_durably_with_mode(&code, format!("{text}\n").as_bytes(), 0o600)?;
            tracing::info!(path = %code.display(), "nobody keeps the console's accounts yet: sign in with the code in this file");
        }
        let nobody = new_secret().context("the system gives no randomness")?;
        Ok(Self {
            store,
            code,
            throttle: Mutex::default(),
            turns: Semaphore::new(AT_ONCE),
            decoy: derive(&nobody).context("a password could not be hashed")?,
        })
    }

    /// Whether the first administrator is still to be made.
    ///
    /// # Errors
    /// [`AccountError::Store`].
    pub async fn is_first_run(&self) -> Result<bool, AccountError> {
        Ok(!self.store.has_administrator().await?)
    }

    /// Makes the first administrator.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn first_run(&self, code: &str, account: NewAccount) -> Result<(), AccountError> {
        self.begin(FIRST_RUN)?;
        let expected = file::read_at_most(&self.code, MAX_FILE_BYTES).unwrap_or_default();
        if !is_same(expected.trim_ascii(), code.trim().as_bytes()) || expected.len() < CODE_CHARS {
            return Err(AccountError::WrongCode);
        }
        self.succeeded(FIRST_RUN);
        let by = account.account.clone();
        let account = NewAccount {
            role: Role::Administrator,
            ..account
        };
        if !self.insert(account, by, true).await? {
            return Err(AccountError::NotFirst);
        }
        forget(&self.code);
        Ok(())
    }

    /// Adds an account.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn add(&self, account: NewAccount, by: &str) -> Result<(), AccountError> {
        if self.insert(account, by.to_owned(), false).await? {
            Ok(())
        } else {
            Err(AccountError::Taken)
        }
    }

    /// Signs somebody in; the secret that shows it.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn sign_in(&self, account: &str, password: &str) -> Result<String, AccountError> {
        let account = account.trim().to_lowercase();
        // No longer name is anybody's; none is remembered.
        let account: String = account.chars().take(MOST_ACCOUNT_CHARS + 1).collect();
        self.begin(&account)?;
        if !self.proves(&account, password).await? {
            return Err(AccountError::Wrong);
        }
        self.succeeded(&account);
        let secret = new_secret().ok_or(AccountError::Randomness)?;
        let (digest, now) = (token_digest(&secret), clock::now());
        self.store.begin_session(account, digest, now).await?;
        Ok(secret)
    }

    /// Gives an account another password, if `current` is the present one; its sessions end.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn change_own_password(
        &self,
        account: &str,
        current: &str,
        password: &str,
    ) -> Result<(), AccountError> {
        self.begin(account)?;
        if !self.proves(account, current).await? {
            return Err(AccountError::Wrong);
        }
        self.succeeded(account);
        self.give_password(account, password, account).await
    }

    /// Gives an account another password; its sessions end.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn give_password(
        &self,
        account: &str,
        password: &str,
        by: &str,
    ) -> Result<(), AccountError> {
        let hash = self.hash(account, password).await?;
        self.change(account, AccountChange::Password(hash), by)
            .await
    }

    /// Changes an account; its sessions end.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn change(
        &self,
        account: &str,
        change: AccountChange,
        by: &str,
    ) -> Result<(), AccountError> {
        let by = (by.to_owned(), clock::now());
        let changed = self.store.change_account(account.to_owned(), change, by);
        if changed.await? {
            Ok(())
        } else {
            Err(AccountError::NoChange)
        }
    }

    /// Whose session the secret shows, if it still lasts.
    ///
    /// # Errors
    /// [`AccountError::Store`].
    pub async fn session(
        &self,
        secret: &str,
    ) -> Result<Option<(SessionRow, AccountRow)>, AccountError> {
        let now = clock::now();
        let found = self.store.session(token_digest(secret), now).await?;
        if let Some((session, _)) = &found
            && now.since(session.seen_ms) >= MINUTE
        {
            self.store.touch_session(session.id, now).await?;
        }
        Ok(found)
    }

    async fn insert(
        &self,
        new: NewAccount,
        by: String,
        only_first: bool,
    ) -> Result<bool, AccountError> {
        let name: String = new.name.trim().nfc().collect();
        let is_named = (1..=MOST_NAME_CHARS).contains(&name.chars().count());
        if !is_legal(&new.account) || !is_named || name.chars().any(char::is_control) {
            return Err(AccountError::Name);
        }
        let password = self.hash(&new.account, &new.password).await?;
        let now = clock::now();
        let row = AccountRow {
            account: new.account,
            name,
            role: new.role,
            password,
            created_ms: now,
            handed_by: by.clone(),
            handed_ms: now,
            disabled_ms: None,
        };
        Ok(self.store.add_account(row, by, only_first).await?)
    }

    /// Whether the password is that of the account, which is not shut. An unknown name takes as long.
    async fn proves(&self, account: &str, password: &str) -> Result<bool, AccountError> {
        let row = self.store.account(account.to_owned()).await?;
        let row = row.filter(|row| row.disabled_ms.is_none());
        let hash = row.as_ref().map_or(&self.decoy, |row| &row.password);
        let (hash, password) = (hash.clone(), normal(password));
        let is_right = self
            .derived(move || {
                Argon2::default()
                    .verify_password(password.as_bytes(), hash.as_str())
                    .is_ok()
            })
            .await?;
        Ok(is_right && row.is_some())
    }

    async fn hash(&self, account: &str, password: &str) -> Result<String, AccountError> {
        let password = normal(password);
        let is_long = (LEAST_CHARS..=MOST_CHARS).contains(&password.chars().count());
        if !is_long || password.to_lowercase() == account {
            return Err(AccountError::Weak);
        }
        let hash = self.derived(move || derive(&password)).await?;
        hash.ok_or(AccountError::Randomness)
    }

    /// Runs the derivation of a key, when it is its turn.
    async fn derived<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AccountError> {
        let turn = self.turns.acquire().await;
        let done = tokio::task::spawn_blocking(work).await;
        drop(turn);
        done.map_err(|_join| AccountError::Randomness)
    }

    fn begin(&self, name: &str) -> Result<(), AccountError> {
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        throttle
            .begin(name, clock::now())
            .map_err(AccountError::Wait)
    }

    fn succeeded(&self, name: &str) {
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        throttle.succeeded(name);
    }
}

/// As typed by any keyboard: two ways to write one letter are the same password.
fn normal(password: &str) -> String {
    password.nfc().collect()
}

/// Argon2id with the parameters that OWASP names (19 MiB, two passes), as a PHC string.
fn derive(password: &str) -> Option<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.ok().map(|hash| hash.to_string())
}

fn is_legal(account: &str) -> bool {
    let is_plain =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
    (2..=MOST_ACCOUNT_CHARS).contains(&account.len()) && account.bytes().all(is_plain)
}

/// In a time that says nothing about where they differ.
pub fn is_same(expected: &[u8], given: &[u8]) -> bool {
    let random = ring::rand::SystemRandom::new();
    let Ok(key) = hmac::Key::generate(hmac::HMAC_SHA256, &random) else {
        return false;
    };
    let tag = hmac::sign(&key, expected);
    hmac::verify(&key, given, tag.as_ref()).is_ok()
}

fn forget(code: &Path) {
    if let Err(error) = std::fs::remove_file(code)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, path = %code.display(), "the first-run code is of no more use, but cannot be removed");
    }
}
