//! The witness: on another machine, with ways out of its own, it listens for the controller's beacon and
//! raises the alarm about its silence. It knows nothing else and can do nothing else.

use crate::beacon::Signed;
use crate::clock;
use crate::http::{ApiError, ApiResult, InFlight, Json, finish};
use crate::listen::Listener;
use crate::notices::{Facts, Notices, Occasion, Order};
use crate::settings::WitnessSettings;
use crate::store::Store;
use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use cotmoc_controller_core::health::{Call, Watch};
use cotmoc_proto::TimeMs;
use cotmoc_proto::window::OperatingWindow;
use cotmoc_service::{file, folder, notify};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const MAX_BODY_BYTES: usize = 4_096;
const REQUESTS: usize = 16;
const REQUEST_TIME: Duration = Duration::from_secs(10);
const CONNECTIONS: usize = 64;
const TICK: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Witness {
    key: Vec<u8>,
    watch: Mutex<(Watch, String)>,
    notices: Arc<Notices>,
}

/// Listens until `stop`.
///
/// # Errors
/// With the step that failed.
pub async fn run(settings: WitnessSettings, stop: CancellationToken) -> anyhow::Result<()> {
    let _held = folder::hold(&settings.data)?;
    let store = Store::open(&settings.data.join("witness.db"))?;
    let notices = Arc::new(Notices::open(
        &settings.notices,
        &settings.data,
        store.clone(),
    )?);
    let watch = Watch::new(settings.silent_ms, settings.repeat_ms, clock::now());
    let witness = Arc::new(Witness {
        key: settings.controller,
        watch: Mutex::new((watch, String::new())),
        notices,
    });
    let socket = TcpListener::bind(settings.listen).await;
    let socket =
        socket.with_context(|| format!("the address {} cannot be taken", settings.listen))?;
    let address = socket.local_addr()?;
    let router = Router::new()
        .route("/beacon", post(hear))
        .route("/status", get(status));
    let router = InFlight::new(REQUESTS, REQUEST_TIME).around(router);
    let router = finish(router.with_state(Arc::clone(&witness)), MAX_BODY_BYTES);
    let listener = Listener::new("witness", router, None, CONNECTIONS);
    let tasks = TaskTracker::new();
    witness.notices.start(&tasks, &stop).await?;
    let serving = stop.clone();
    tasks.spawn(async move { listener.serve(socket, serving).await });
    tasks.spawn(watch_over(Arc::clone(&witness), stop.clone()));
    let in_use = serde_json::json!({ "witness": address }).to_string();
    file::write_durably(&settings.data.join("addresses.json"), in_use.as_bytes())?;
    tracing::info!(%address, "the witness listens for the controller's beacon");
    notify::ready();
    stop.cancelled().await;
    tasks.close();
    tasks.wait().await;
    store.close().await;
    Ok(())
}

async fn watch_over(witness: Arc<Witness>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        notify::watchdog();
        let call = {
            let mut watch = witness.watch.lock().unwrap_or_else(PoisonError::into_inner);
            watch.0.tick(clock::now())
        };
        witness.raise(call).await;
    }
}

async fn hear(
    State(witness): State<Arc<Witness>>,
    Json(signed): Json<Signed>,
) -> ApiResult<StatusCode> {
    let beacon = signed.read(&witness.key).ok_or_else(|| {
        ApiError::new(
            StatusCode::FORBIDDEN,
            "unsigned",
            "the controller has not signed this",
        )
        .remedy("put the line of the controller's beacon.pub into the witness's controller_key")
    })?;
    let heard = {
        let mut watch = witness.watch.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = watch.0.heard(&beacon, clock::now());
        if heard.is_ok() {
            watch.1 = beacon.site;
        }
        heard
    };
    match heard {
        Ok(call) => {
            witness.raise(call).await;
            Ok(StatusCode::NO_CONTENT)
        }
        Err(reason) => {
            tracing::warn!(%reason, "a beacon counts for nothing");
            Err(ApiError::new(
                StatusCode::CONFLICT,
                "unheard",
                reason.to_string(),
            ))
        }
    }
}

async fn status(State(witness): State<Arc<Witness>>) -> axum::Json<serde_json::Value> {
    let watch = witness.watch.lock().unwrap_or_else(PoisonError::into_inner);
    axum::Json(serde_json::json!({ "site": watch.1, "last_ms": watch.0.last() }))
}

impl Witness {
    /// Tells everybody by every way.
    async fn raise(&self, call: Option<Call>) {
        let Some(call) = call else {
            return;
        };
        tracing::warn!(?call, "the witness calls");
        let orders = self.orders(call, clock::now());
        if let Err(error) = self.notices.enqueue(orders).await {
            tracing::error!(%error, "the alarm could not be stored");
        }
    }

    fn orders(&self, call: Call, now: TimeMs) -> Vec<Order> {
        let (occasion, stage, since) = match call {
            Call::Silent { since, before } => (
                Occasion::ControllerSilent,
                format!("silent-{before}"),
                since,
            ),
            Call::Back { since } => (Occasion::ControllerBack, "back".to_owned(), since),
        };
        let site = self
            .watch
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .clone();
        let incident = format!("controller-{}", since.0 / 1_000);
        let order = |route: &str, address: &str| Order {
            incident: incident.clone(),
            stage: stage.clone(),
            occasion,
            facts: Facts {
                incident: incident.clone(),
                cluster: if site.is_empty() {
                    "(chưa rõ địa bàn)".to_owned()
                } else {
                    site.clone()
                },
                occurred: OperatingWindow::default().zone.format(since),
                ..Facts::default()
            },
            recipient: "witness".to_owned(),
            route: route.to_owned(),
            address: address.to_owned(),
            due_ms: now,
        };
        let routes = self.notices.routes();
        let to = routes.flat_map(|route| {
            let nobody = route.way.reaches("").then_some("");
            let all = route.to.iter().map(String::as_str).chain(nobody);
            all.map(|address| (route.name.as_str(), address))
                .collect::<Vec<_>>()
        });
        to.map(|(route, address)| order(route, address)).collect()
    }
}
