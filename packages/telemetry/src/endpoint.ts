import type { Signal } from "./settings.js";

/** The path of logs alone: it is the one that CLEF_AGENT_TELEMETRY_URL may end in. */
const FULL_PATH = /\/v1\/logs\/?$/;

/** Where a signal goes, given a base or the full path for logs; undefined when that is no http or https URL. */
export function endpointFor(signal: Signal, url: string): string | undefined {
	return extended(url, (path) => path.replace(FULL_PATH, ""), signal);
}

/** Where a signal goes, given a base alone, as OpenTelemetry's general variable has it. */
export function endpointUnder(base: string, signal: Signal): string | undefined {
	return extended(base, (path) => path, signal);
}

/** The URL as it is, when it is one that OTLP can be sent to. */
export function exactEndpoint(url: string): string | undefined {
	return webUrl(url)?.href;
}

/** What may be shown of an endpoint: no userinfo, no query. */
export function shownEndpoint(endpoint: string): string {
	const { origin, pathname } = new URL(endpoint);
	return `${origin}${pathname}`;
}

function extended(url: string, toBase: (path: string) => string, signal: Signal): string | undefined {
	const endpoint = webUrl(url);
	if (endpoint === undefined) return undefined;
	endpoint.pathname = `${toBase(endpoint.pathname).replace(/\/$/, "")}/v1/${signal}`;
	return endpoint.href;
}

function webUrl(text: string): URL | undefined {
	if (!URL.canParse(text)) return undefined;
	const url = new URL(text);
	return url.protocol === "http:" || url.protocol === "https:" ? url : undefined;
}
