mod edges;
mod extremes;
mod order;
mod programme;
