//! Planner: which media to fetch, keep and evict.
