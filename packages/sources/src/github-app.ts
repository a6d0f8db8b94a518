import { createPrivateKey } from "node:crypto";
import type { BoundedResponse } from "./bounded-fetch.js";
import type { GithubApi } from "./github-api.js";
import { appTokenError } from "./github-app-error.js";
import type { GithubCredential } from "./github-credential.js";
import { SILENT } from "./github-octokit.js";
import type { GithubPlace } from "./github-place.js";
import { shortJson } from "./short-json.js";
import { SourceError } from "./source-error.js";

/** A GitHub App and one of its installations. */
export interface GithubAppOptions {
	readonly id: number | string;
	readonly installationId: number | string;

	/** RSA key, PEM (PKCS#1 or PKCS#8); `\n` may stand for a line break. */
	readonly privateKey: string;
}

interface InstallationToken {
	readonly token: string;
	readonly expiresAtMs: number;
}

/** A token is replaced this long before it expires. */
const RENEWAL_MS = 60_000;

/** The answer repeats the repository's description, a few kilobytes. */
const MOST_BYTES = 65_536;

/** Exchanges an App's signature for tokens that can read the contents of one repository and nothing else. */
export class GithubApp implements GithubCredential {
	readonly kind = "app";
	readonly #id: number | string;
	readonly #installationId: number;
	readonly #privateKey: string;
	readonly #place: GithubPlace;
	#held: InstallationToken | undefined;

	/** Throws `SOURCE_UNAUTHORIZED` for an id or a key that cannot be one. */
	constructor({ id, installationId, privateKey }: GithubAppOptions, place: GithubPlace) {
		this.#id = wholeNumber(id, "CLEF_AGENT_VCS_APP_ID");
		this.#installationId = wholeNumber(installationId, "CLEF_AGENT_VCS_APP_INSTALLATION_ID");
		this.#privateKey = readPrivateKey(privateKey);
		this.#place = place;
	}

	async headers(api: GithubApi, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
		if (this.#held === undefined || api.now() >= this.#held.expiresAtMs - RENEWAL_MS) {
			this.#held = undefined;
			this.#held = await this.#exchange(api, signal);
		}
		return { authorization: `Bearer ${this.#held.token}` };
	}

	refused(): void {
		this.#held = undefined;
	}

	async #exchange(api: GithubApi, signal: AbortSignal): Promise<InstallationToken> {
		const description = `App token for ${this.#place.description}`;
		const jwt = await this.#sign();
		const response = await api.send(
			(rest, common) =>
				rest.apps.createInstallationAccessToken({
					...common,
					installation_id: this.#installationId,
					repositories: [this.#place.repo],
					permissions: { contents: "read" },
				}),
			{
				description,
				headers: { authorization: `Bearer ${jwt}` },
				maxBytes: MOST_BYTES,
				wantsBody: ({ status }) => status === 201,
			},
			signal,
		);
		if (response.status === 201) return readToken(response, description);
		throw appTokenError(response, { description, now: api.now() });
	}

	/**
	 * Octokit's plugin signs; the exchange is ours. Its own would share one pending request, and that request's
	 * end, between all Apps of the process with the same installation number, whatever their host, and repeat
	 * reads after a 401 by itself.
	 */
	async #sign(): Promise<string> {
		const { createAppAuth } = await import("@octokit/auth-app");
		const sign = createAppAuth({ appId: this.#id, privateKey: this.#privateKey, log: { ...SILENT } });
		return (await sign({ type: "app" })).token;
	}
}

function wholeNumber(value: number | string, variable: string): number {
	if (/^[1-9]\d{0,14}$/.test(String(value))) return Number(value);
	throw new SourceError("SOURCE_UNAUTHORIZED", `${variable} must be a whole number, as GitHub shows it.`);
}

/** Makes PKCS#8 of whatever came: the plugin takes no other key everywhere. */
function readPrivateKey(pem: string): string {
	try {
		const key = createPrivateKey(pem.replaceAll("\\n", "\n"));
		if (key.asymmetricKeyType === "rsa") return String(key.export({ type: "pkcs8", format: "pem" }));
	} catch {
		// The reason could quote the key.
	}
	const message =
		"CLEF_AGENT_VCS_APP_PRIVATE_KEY must be an unencrypted RSA private key in PEM form, as GitHub hands it out.";
	throw new SourceError("SOURCE_UNAUTHORIZED", message);
}

function readToken({ bytes }: BoundedResponse, description: string): InstallationToken {
	const { token, expires_at } = shortJson(bytes);
	const expiresAtMs = Date.parse(String(expires_at));
	if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token) && !Number.isNaN(expiresAtMs)) {
		return { token, expiresAtMs };
	}
	const hint = "check CLEF_AGENT_VCS_API_URL";
	throw new SourceError("SOURCE_BAD_RESPONSE", `GitHub's answer holds no ${description}; ${hint}.`);
}
