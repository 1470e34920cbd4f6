mod edges;
mod extremes;
mod order;
mod programme;
mod window;
