import { importTrustedKeys, type TrustedKey } from "@clef-sh/artifact";
import { createDecryptor } from "@clef-sh/decryptors";
import * as v from "valibot";
import {
	bearerToken,
	fileMode,
	oneOf,
	parsedBy,
	plainText,
	portOrNone,
	wholeNumber,
} from "./value-schema.js";
import type { Variable } from "./variable.js";

/** Decryption key. */
export const AGE_KEY: Variable<string> = {
	name: "CLEF_AGENT_AGE_KEY",
	option: "decryptor.ageIdentities",
	fileAllowed: true,
	default: "none: only KMS envelopes can be opened",
	range: "contents of an age key file; comments and several identities are allowed",
	secret: true,
	meaning:
		"age identity that opens the artifact; all identities given are tried. A file is read again at each decryption.",
	schema: parsedBy((text) => {
		createDecryptor({ ageIdentities: text });
		return text;
	}),
};

/** Signers that are believed. */
export const VERIFY_KEY: Variable<readonly TrustedKey[]> = {
	name: "CLEF_AGENT_VERIFY_KEY",
	option: "verifyKeys",
	fileAllowed: true,
	default: "none: signatures are not checked",
	range: "base64 DER SPKI or PEM, Ed25519 or ECDSA P-256, separated by commas",
	secret: false,
	meaning:
		"Public keys of the signers; when set, an unsigned or wrongly signed artifact is refused. A file is read again at each refresh.",
	schema: v.pipe(
		parsedBy(importTrustedKeys),
		v.minLength(1, "is not usable: it holds no key; unset it to run without verification"),
	),
};

/** Whose artifact is expected. */
export const IDENTITY: Variable<string> = {
	name: "CLEF_AGENT_IDENTITY",
	option: "identity",
	fileAllowed: false,
	default: "any, or `CLEF_AGENT_VCS_IDENTITY`",
	range: "text without control characters",
	secret: false,
	meaning: "When set, an artifact packed for another identity is refused.",
	schema: plainText(),
};

/** Which environment's artifact is expected. */
export const ENVIRONMENT: Variable<string> = {
	name: "CLEF_AGENT_ENVIRONMENT",
	option: "environment",
	fileAllowed: false,
	default: "any, or `CLEF_AGENT_VCS_ENVIRONMENT`",
	range: "text without control characters",
	secret: false,
	meaning: "When set, an artifact packed for another environment is refused.",
	schema: plainText(),
};

/** Where the API listens. */
export const PORT: Variable<number | "none"> = {
	name: "CLEF_AGENT_PORT",
	option: "port",
	fileAllowed: false,
	default: "`7779`",
	range: "1–65535, or `none`",
	secret: false,
	meaning: "Port to listen on, at 127.0.0.1 only; `none` where `CLEF_AGENT_SOCKET` is enough.",
	schema: portOrNone(),
};

/** Where the API listens besides, or instead. */
export const SOCKET: Variable<string> = {
	name: "CLEF_AGENT_SOCKET",
	option: "socket.path",
	fileAllowed: false,
	default: "none",
	range: "path of a file, at most 103 bytes; made at the start",
	secret: false,
	meaning: "Unix domain socket to listen on as well.",
	schema: plainText(),
};

/** Who may connect to the socket. */
export const SOCKET_MODE: Variable<number> = {
	name: "CLEF_AGENT_SOCKET_MODE",
	option: "socket.mode",
	fileAllowed: false,
	default: "`0600`",
	range: "octal file mode, such as `0660`",
	secret: false,
	meaning: "Permissions of the socket's file: who may connect.",
	schema: fileMode(),
};

/** Whether the socket asks for the token. */
export const SOCKET_AUTH: Variable<"token" | "none"> = {
	name: "CLEF_AGENT_SOCKET_AUTH",
	option: "socket.asksToken",
	fileAllowed: false,
	default: "`token`",
	range: "`token`, `none`",
	secret: false,
	meaning:
		"Whether the socket asks for the token: `none` answers without one, and needs a file that is its owner's alone (`0600`).",
	schema: oneOf(["token", "none"]),
};

/** Who may ask for secrets. */
export const TOKEN: Variable<string> = {
	name: "CLEF_AGENT_TOKEN",
	option: "token",
	fileAllowed: true,
	default: "generated",
	range: "visible ASCII, no spaces; fewer than 16 characters is a warning",
	secret: true,
	meaning:
		"Bearer token that clients send; when `CLEF_AGENT_TOKEN_FILE` names a file that does not exist, a token is generated and written there. A file is read again on `SIGHUP` and every 5 seconds.",
	schema: bearerToken(),
};

/** Name of this instance. */
export const ID: Variable<string> = {
	name: "CLEF_AGENT_ID",
	option: "id",
	fileAllowed: false,
	default: "generated",
	range: "at most 128 characters",
	secret: false,
	meaning: "Name of this instance in telemetry.",
	schema: plainText(128),
};

/** How long secrets outlive the last success. */
export const CACHE_TTL: Variable<number> = {
	name: "CLEF_AGENT_CACHE_TTL",
	option: "ttlSeconds",
	fileAllowed: false,
	default: "`300`",
	range: "seconds, 0–31536000",
	secret: false,
	meaning:
		"Longest time to serve without a successful refresh; `0` decrypts on every request and serves at most 300 s without one.",
	schema: wholeNumber(0, 31_536_000),
};

/** Survival of a restart while the source is down. */
export const CACHE_PATH: Variable<string> = {
	name: "CLEF_AGENT_CACHE_PATH",
	option: "cachePath",
	fileAllowed: false,
	default: "none: nothing is kept on disk",
	range: "a directory; made if missing",
	secret: false,
	meaning:
		"Directory for the last-known-good artifact, encrypted as it was fetched: a restart serves it for the rest of the TTL while the source is down, and remembers revocations and what is too old.",
	schema: plainText(),
};

/** Receiver of events. */
export const TELEMETRY_URL: Variable<string> = {
	name: "CLEF_AGENT_TELEMETRY_URL",
	option: "telemetryUrl",
	fileAllowed: false,
	default: "none",
	range: "an http(s) URL",
	secret: true,
	meaning:
		"OTLP/HTTP endpoint for logs and metrics: a base such as `http://collector:4318`, or a path that ends in `/v1/logs`. OpenTelemetry's own `OTEL_*` variables work beside it.",
	schema: v.pipe(v.string(), v.regex(/^https?:\/\/[^\s/?#]+/, "must be an http:// or https:// URL")),
};

/** How much is logged. */
export const LOG_LEVEL: Variable<"debug" | "info" | "warn" | "error"> = {
	name: "CLEF_AGENT_LOG_LEVEL",
	option: "logLevel",
	fileAllowed: false,
	default: "`info`",
	range: "`debug`, `info`, `warn`, `error`",
	secret: false,
	meaning: "Least severe log line that is written, to stderr.",
	schema: oneOf(["debug", "info", "warn", "error"]),
};

/** How log lines look. */
export const LOG_FORMAT: Variable<"text" | "json"> = {
	name: "CLEF_AGENT_LOG_FORMAT",
	option: "logFormat",
	fileAllowed: false,
	default: "`text` on a terminal, else `json`",
	range: "`text`, `json`",
	secret: false,
	meaning: "Form of the log lines.",
	schema: oneOf(["text", "json"]),
};

/** What a Lambda extension does without secrets. */
export const LAMBDA_INIT: Variable<"continue" | "strict"> = {
	name: "CLEF_AGENT_LAMBDA_INIT",
	option: "lambdaInit",
	fileAllowed: false,
	default: "`continue`",
	range: "`continue`, `strict`",
	secret: false,
	meaning:
		"In AWS Lambda, when no secrets can be loaded during Init: `continue` lets the function start and answers 503 until they can, `strict` reports the failure and keeps the function from starting.",
	schema: oneOf(["continue", "strict"]),
};

/** Metrics for whoever asks. */
export const METRICS: Variable<"prometheus"> = {
	name: "CLEF_AGENT_METRICS",
	option: "metrics",
	fileAllowed: false,
	default: "none",
	range: "`prometheus`",
	secret: false,
	meaning: "Serves `GET /v1/metrics` in Prometheus' text form to whoever has the token.",
	schema: oneOf(["prometheus"]),
};
