mod board;
mod clocks;
mod days;
mod stories;
mod torn;
