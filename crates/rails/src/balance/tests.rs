mod cases;
mod encoding;
mod model;
