//! Values: clusters with their devices as they are now.

use crate::overview::DeviceView;
use cotmoc_controller_core::cluster::{Cluster, Clusters};
use cotmoc_proto::ClusterId;
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::window::OperatingWindow;
use std::collections::BTreeMap;

/// A cluster with its active devices.
#[derive(Debug, Clone)]
pub struct Group<'v> {
    pub cluster: Cluster,
    pub views: Vec<&'v DeviceView>,
}

impl Group<'_> {
    /// When it has to be on air: by the newest release of its first device that has one.
    pub fn window(&self) -> OperatingWindow {
        let released = self.views.iter().find(|view| view.published > 0);
        let first = released.or(self.views.first());
        first.map_or_else(OperatingWindow::default, |view| view.window.clone())
    }

    /// What a device of it is: as the settings say, else as its screens do.
    pub fn kind_of(&self, view: &DeviceView) -> ScreenKind {
        let said = self.cluster.kind_of(&view.row.device);
        said.unwrap_or_else(|| view.kind())
    }
}

/// Every active device in its cluster.
pub fn groups<'v>(clusters: &Clusters, views: &'v [DeviceView]) -> BTreeMap<ClusterId, Group<'v>> {
    let mut groups: BTreeMap<ClusterId, Group<'v>> = BTreeMap::new();
    for view in views.iter().filter(|view| view.status.is_some()) {
        let cluster = clusters.of(&view.row.device, &view.row.channel);
        let group = groups.entry(cluster.id.clone()).or_insert_with(|| Group {
            cluster: cluster.into_owned(),
            views: Vec::new(),
        });
        group.views.push(view);
    }
    groups
}
