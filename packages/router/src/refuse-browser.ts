import { refusal } from "./refusal.js";
import type { Reply } from "./reply.js";
import type { RequestHeaders } from "./request-headers.js";

const BROWSER_REFUSED = refusal(
	400,
	"BROWSER_REFUSED",
	"Secrets are not served to web pages; call this API from a program on this machine.",
);

/** Refuses what a web page can send: `Origin` with any value, or `Sec-Fetch-Site` from elsewhere. */
export function refuseBrowser(headers: RequestHeaders): Reply | undefined {
	if (headers.has("origin")) return BROWSER_REFUSED;
	const site = headers.get("sec-fetch-site");
	return site === null || site === "same-origin" || site === "none" ? undefined : BROWSER_REFUSED;
}
