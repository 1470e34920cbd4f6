//! Starts everything in order and ends it in reverse: first nobody new comes in, then whoever is
//! in finishes, then what is in memory goes to the disk, last the store closes.

use crate::app::{App, Shared};
use crate::beacon;
use crate::http::finish;
use crate::listen::{Listener, device_tls, enrol_tls};
use crate::settings::Settings;
use crate::{
    answers, api, backup, clock, confirmations, console, device_api, drills, enrol_api, enrolment,
    faults, incidents, network, obligations, reports, verification,
};
use anyhow::Context as _;
use cotmoc_proto::device::MAX_SYNC_BYTES;
use cotmoc_proto::envelope::MAX_ENVELOPE_BYTES;
use cotmoc_service::{file, notify};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const FLUSH: Duration = Duration::from_secs(5);
const RENEWAL: Duration = Duration::from_secs(3_600);
const BACKLOG: u32 = 1_024;

/// The addresses in use, as `addresses.json` says them.
#[derive(Debug, Clone, Copy, serde::Serialize)]
struct InUse {
    device: SocketAddr,
    enrol: SocketAddr,
    console: SocketAddr,
    /// Where links of notices are served, if that is a listener of its own.
    links: Option<SocketAddr>,
}

/// Runs the controller until `stop`.
///
/// # Errors
/// With the step that failed.
pub async fn run(settings: Settings, stop: CancellationToken) -> anyhow::Result<()> {
    let listen = settings.listen;
    let app: Shared = Arc::new(App::open(settings).await?);
    let device = take(listen.device, "device")?.listen(BACKLOG)?;
    let enrol = take(listen.enrol, "enrolment")?;
    let console = take(listen.console, "console")?.listen(BACKLOG)?;
    let links = app.settings.notices.listen;
    let links = links.map(|at| {
        take(at, "links")?
            .listen(BACKLOG)
            .map_err(anyhow::Error::from)
    });
    let links = links.transpose()?;
    let in_use = InUse {
        device: device.local_addr()?,
        enrol: enrol.local_addr()?,
        console: console.local_addr()?,
        links: links.as_ref().map(TcpListener::local_addr).transpose()?,
    };
    let tasks = TaskTracker::new();
    let serving = stop.child_token();
    serve(&app, (device, enrol, console), &tasks, &serving)?;
    if let Some(links) = links {
        tasks.spawn(serve_links(&app, links, serving.clone()));
    }
    app.notices.start(&tasks, &serving).await?;
    tasks.spawn(incidents::keep_watch(Arc::clone(&app), serving.clone()));
    tasks.spawn(obligations::keep(Arc::clone(&app), serving.clone()));
    tasks.spawn(network::keep_looking(Arc::clone(&app), serving.clone()));
    tasks.spawn(drills::keep(Arc::clone(&app), serving.clone()));
    tasks.spawn(faults::watch(Arc::clone(&app), serving.clone()));
    tasks.spawn(backup::keep(Arc::clone(&app), serving.clone()));
    tasks.spawn(reports::keep(Arc::clone(&app), serving.clone()));
    tasks.spawn(beacon::speak(Arc::clone(&app), serving.clone()));
    tasks.spawn(flush(Arc::clone(&app), serving.clone()));
    tasks.spawn(renew(Arc::clone(&app), serving.clone()));
    let text = serde_json::to_vec(&in_use).context("the addresses cannot be written")?;
    if let Err(error) = file::write_durably(&app.settings.data.join("addresses.json"), &text) {
        tracing::error!(%error, "the addresses in use cannot be written; the controller works without");
    }
    tracing::info!(device = %in_use.device, enrol = %in_use.enrol, console = %in_use.console, "the controller is ready; the status page is at http://{}/", in_use.console);
    notify::ready();
    let store_ended = app.store.ended();
    let broken = tokio::select! {
        () = stop.cancelled() => false,
        () = store_ended.cancelled() => true,
    };
    serving.cancel();
    tasks.close();
    tasks.wait().await;
    if let Err(error) = app.heartbeats.flush(&app.store).await {
        tracing::warn!(%error, "the last heartbeats could not be stored");
    }
    app.store.close().await;
    anyhow::ensure!(!broken, "the database writer ended by itself");
    tracing::info!("the controller has ended");
    Ok(())
}

fn take(address: SocketAddr, name: &str) -> anyhow::Result<TcpSocket> {
    enrolment::reserve(address).with_context(|| {
        format!("the {name} address {address} cannot be taken: is another controller running?")
    })
}

fn serve(
    app: &Shared,
    (device, enrol, console): (TcpListener, TcpSocket, TcpListener),
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let most = app.settings.connections;
    let state = || Shared::clone(app);
    let certificate = || Arc::clone(&app.certificate);
    let devices = Listener::new(
        "device",
        finish(device_api::router(app).with_state(state()), MAX_SYNC_BYTES),
        Some(device_tls(&app.authorities.device, certificate())?),
        most,
    );
    let enrolment = Listener::new(
        "enrolment",
        finish(
            enrol_api::router().with_state(state()),
            enrol_api::MAX_BODY_BYTES,
        ),
        Some(enrol_tls(certificate())?),
        most,
    );
    let people = api::router(app)
        .merge(console::router())
        .merge(confirmations::router())
        .merge(verification::router())
        .merge(answers::router());
    let people = Listener::new(
        "console",
        console::only_known_hosts(finish(people.with_state(state()), MAX_ENVELOPE_BYTES)),
        None,
        most,
    );
    let (door, store, stop) = (app.door.clone(), app.store.clone(), stop.clone());
    let (for_devices, for_people) = (stop.clone(), stop.clone());
    tasks.spawn(async move { devices.serve(device, for_devices).await });
    tasks.spawn(async move { people.serve(console, for_people).await });
    tasks.spawn(async move { door.keep(store, enrolment, enrol, stop).await });
    Ok(())
}

/// Serves the links of notices, and what their pages need.
fn serve_links(
    app: &Shared,
    listener: TcpListener,
    stop: CancellationToken,
) -> impl Future<Output = ()> + use<> {
    let router = confirmations::router()
        .merge(verification::router())
        .merge(answers::router())
        .merge(console::assets());
    let router = finish(
        router.with_state(Shared::clone(app)),
        answers::MAX_BODY_BYTES,
    );
    let people = Listener::new("links", router, None, app.settings.connections);
    async move { people.serve(listener, stop).await }
}

async fn flush(app: Shared, stop: CancellationToken) {
    let mut tick = tokio::time::interval(FLUSH);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = app.heartbeats.flush(&app.store).await {
            tracing::warn!(%error, "the heartbeats could not be stored; tried again soon");
        }
    }
}

async fn renew(app: Shared, stop: CancellationToken) {
    let mut tick = tokio::time::interval(RENEWAL);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        match app
            .certificate
            .renew_if_due(&app.authorities.server, clock::wall())
        {
            Ok(false) => {}
            Ok(true) => tracing::info!("the controller's certificate was renewed"),
            Err(error) => {
                tracing::error!(%error, "the controller's certificate could not be renewed");
            }
        }
    }
}
