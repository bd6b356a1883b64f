"use strict";
// Written by `linkspan run`. Node before 22.21 has no proxy for its own fetch and https: this leads its TLS connections to
// the Graph's host names to the server of the run instead. The name that is asked for stays what it was, and so does the
// check of the certificate.
const tls = require("node:tls");
const { syncBuiltinESMExports } = require("node:module");

const hosts = new Set(/*HOSTS*/);
const server = /*SERVER*/;
const connect = tls.connect;

/** The arguments of `tls.connect` in any of their forms, as one object. */
function merged(given) {
  const options = {};
  given.forEach((value, at) => {
    if (value !== null && typeof value === "object") {
      Object.assign(options, value);
    } else if (at === 0 && /^[0-9]+$/.test(String(value))) {
      options.port = Number(value);
    } else if (at === 0 && typeof value === "string") {
      options.path = value;
    } else if (at === 1 && typeof value === "string") {
      options.host = value;
    }
  });
  return options;
}

tls.connect = function (...given) {
  const options = merged(given);
  const name = String(options.host ?? "").toLowerCase();
  const isOurs = hosts.has(name) && Number(options.port ?? 443) === 443;
  // A socket that is there already is a tunnel of a client that does know proxies.
  if (!isOurs || options.socket || options.path) {
    return connect.apply(this, given);
  }
  const callback = given.findLast((value) => typeof value === "function");
  return connect.call(this, { ...options, ...server, servername: options.servername || name }, callback);
};
syncBuiltinESMExports();
