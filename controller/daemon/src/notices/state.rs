//! How the ways out are doing, for people.

use super::modem::Health;
use super::{Notices, Route};
use crate::clock;
use crate::store::{RouteRow, StoreError};
use cotmoc_proto::TimeMs;

/// One way out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RouteState {
    pub channel: &'static str,
    #[serde(flatten)]
    pub row: RouteRow,
    /// Of the modem that it goes by.
    pub modem: Option<Health>,
}

impl RouteState {
    /// Why nothing leaves by it now, if that is so.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        let of_modem = self
            .modem
            .as_ref()
            .and_then(|health| health.trouble.as_deref());
        let fails = self.row.waiting > 0 && self.row.failed_ms > self.row.accepted_ms;
        of_modem.or_else(|| self.row.last_error.as_deref().filter(|_| fails))
    }

    /// When something left by it last, and when an attempt failed last.
    #[must_use]
    pub const fn times(&self) -> (Option<TimeMs>, Option<TimeMs>) {
        (self.row.accepted_ms, self.row.failed_ms)
    }
}

impl Notices {
    /// Every route of the settings.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn states(&self) -> Result<Vec<RouteState>, StoreError> {
        let rows = self.store.route_rows(clock::now()).await?;
        Ok(self
            .routes
            .iter()
            .map(|route| self.state(route, &rows))
            .collect())
    }

    fn state(&self, route: &Route, rows: &[RouteRow]) -> RouteState {
        let name = &route.settings.name;
        let row = rows.iter().find(|row| row.route == *name).cloned();
        let modem = route.settings.way.modem();
        let modem = self.modems.iter().find(|known| Some(known.name()) == modem);
        RouteState {
            channel: route.settings.way.channel(),
            row: row.unwrap_or_else(|| RouteRow::unused(name)),
            modem: modem.map(super::modem::Handle::health),
        }
    }
}
