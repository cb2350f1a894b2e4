//! Whether the process lives, and whether each part can do its work.

use std::{fmt, sync::Arc};

use serde::Serialize;
use utoipa::ToSchema;

use crate::stop::Stopping;

/// The state of a part of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComponentState {
    /// It works.
    Ready,
    /// It works, and somebody should look: what.
    Warning(String),
    /// It does not work: why. The service is not ready.
    Down(String),
}

type Probe = Arc<dyn Fn() -> ComponentState + Send + Sync>;

/// The parts whose state decides whether the service is ready. A probe answers at once from what its
/// part knows; it never waits for a disk or a network.
#[derive(Clone)]
pub struct Readiness {
    probes: Vec<(&'static str, Probe)>,
    stopping: Stopping,
}

impl fmt::Debug for Readiness {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.probes.iter().map(|(name, _)| name);
        out.debug_list().entries(names).finish()
    }
}

/// What `/readyz` answers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReadinessReport {
    /// Whether requests can be served: 200, else 503.
    pub ready: bool,
    /// Each part.
    pub components: Vec<ComponentReport>,
}

/// The state of one part.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ComponentReport {
    /// The part.
    pub name: &'static str,
    /// `ready`, `warning` or `down`.
    pub state: &'static str,
    /// What to know about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Readiness {
    /// No parts yet.
    #[must_use]
    pub fn new(stopping: Stopping) -> Self {
        Self {
            probes: Vec::new(),
            stopping,
        }
    }

    /// One part more.
    #[must_use]
    pub fn with(
        mut self,
        name: &'static str,
        probe: impl Fn() -> ComponentState + Send + Sync + 'static,
    ) -> Self {
        self.probes.push((name, Arc::new(probe)));
        self
    }

    /// Asks every part.
    #[must_use]
    pub fn report(&self) -> ReadinessReport {
        let states = self.probes.iter().map(|(name, probe)| (*name, probe()));
        let stopping = self.stopping.is_stopping().then(|| {
            (
                "service",
                ComponentState::Down("it is being stopped".to_owned()),
            )
        });
        let components: Vec<_> = states
            .chain(stopping)
            .map(|(name, state)| {
                let (state, reason) = match state {
                    ComponentState::Ready => ("ready", String::new()),
                    ComponentState::Warning(reason) => ("warning", reason),
                    ComponentState::Down(reason) => ("down", reason),
                };
                ComponentReport {
                    name,
                    state,
                    reason,
                }
            })
            .collect();
        ReadinessReport {
            ready: components.iter().all(|part| part.state != "down"),
            components,
        }
    }
}
