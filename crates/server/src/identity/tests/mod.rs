mod bearer;
mod discovery;
mod grants;
mod refusals;
