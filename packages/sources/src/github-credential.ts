import type { GithubApi } from "./github-api.js";
import { GithubApp, type GithubAppOptions } from "./github-app.js";
import type { GithubPlace } from "./github-place.js";
import { SourceError } from "./source-error.js";

/** What the agent shows GitHub. */
export interface GithubCredential {
	readonly kind: "none" | "token" | "app";

	/** Makes the `Authorization` header, asking GitHub for a token first where that is needed. */
	headers(api: GithubApi, signal: AbortSignal): Promise<Readonly<Record<string, string>>>;

	/** Says that GitHub did not accept the header. */
	refused(): void;
}

/** Throws `SOURCE_UNAUTHORIZED` when both credentials are given, or one cannot be used. */
export function githubCredential(
	{ token, app }: { readonly token?: string; readonly app?: GithubAppOptions },
	place: GithubPlace,
): GithubCredential {
	if (token !== undefined && app !== undefined) {
		const message = "CLEF_AGENT_VCS_TOKEN and CLEF_AGENT_VCS_APP_* are both set; give one of them.";
		throw new SourceError("SOURCE_UNAUTHORIZED", message);
	}
	if (app !== undefined) return new GithubApp(app, place);
	return token === undefined ? fixed("none", {}) : fixed("token", { authorization: bearer(token) });
}

function fixed(kind: "none" | "token", headers: Readonly<Record<string, string>>): GithubCredential {
	return { kind, headers: async () => headers, refused: () => undefined };
}

/** The network layer would refuse such a token too, but quote it. */
function bearer(token: string): string {
	if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
	const message =
		"CLEF_AGENT_VCS_TOKEN is empty or holds spaces or characters that no header can carry; set it again.";
	throw new SourceError("SOURCE_UNAUTHORIZED", message);
}
