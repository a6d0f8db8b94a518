import { refusal } from "./refusal.js";
import type { Reply } from "./reply.js";
import type { RequestHeaders } from "./request-headers.js";

const PROXY_REFUSED = refusal(
	400,
	"PROXY_REFUSED",
	"Secrets are not served through a proxy; call this API directly from the same machine.",
);

/** Added by proxies on the way, and not removable by whoever tricks one into calling us (SSRF). */
const PROXY_HEADERS = [
	"x-forwarded-for",
	"x-forwarded-host",
	"x-forwarded-proto",
	"forwarded",
	"x-real-ip",
	"via",
];

/** Refuses a request that some proxy has passed on. */
export function refuseProxy(headers: RequestHeaders): Reply | undefined {
	return PROXY_HEADERS.some((name) => headers.has(name)) ? PROXY_REFUSED : undefined;
}
