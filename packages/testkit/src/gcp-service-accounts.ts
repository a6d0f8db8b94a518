import {
	generateKeyPairSync,
	type KeyObject,
	type KeyPairKeyObjectResult,
	randomBytes,
	verify,
} from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { type GcpAnswer, refusal } from "./gcp-answer.js";

/** What a service account may do with a key, as the last part of the permission's name. */
export type GcpUse = "useToDecrypt" | "useToEncrypt";

/** A service account's key file, with which the client libraries get tokens. */
export interface GcpServiceAccount {
	readonly type: "service_account";
	readonly project_id: string;
	readonly private_key_id: string;
	readonly private_key: string;
	readonly client_email: string;
	readonly token_uri: string;
}

interface Account {
	readonly publicKey: KeyObject;
	readonly allowed: Set<string>;
}

/** Made once, as it takes long; all accounts share it, and differ by their names. */
let accountKeys: KeyPairKeyObjectResult | undefined;

const TOKEN_URI = "https://oauth2.googleapis.com/token";
const SCOPES = ["https://www.googleapis.com/auth/cloudkms", "https://www.googleapis.com/auth/cloud-platform"];

/** Service accounts, the tokens that they get, and what these permit. */
export class GcpServiceAccounts {
	readonly #accounts = new Map<string, Account>();
	readonly #tokens = new Map<string, { readonly email: string; readonly scope: string }>();

	/** Makes an account that may use one key. */
	add(key: string, ...uses: readonly GcpUse[]): GcpServiceAccount {
		accountKeys ??= generateKeyPairSync("rsa", { modulusLength: 2048 });
		const { privateKey, publicKey } = accountKeys;
		const email = `agent-${this.#accounts.size + 1}@acme.iam.gserviceaccount.com`;
		this.#accounts.set(email, { publicKey, allowed: new Set(uses.map((use) => `${use} ${key}`)) });
		return {
			type: "service_account",
			project_id: "acme",
			private_key_id: "key-1",
			private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
			client_email: email,
			token_uri: TOKEN_URI,
		};
	}

	/** Takes every permission from an account; its tokens stay good. */
	denyAll({ client_email }: GcpServiceAccount): void {
		this.#accounts.get(client_email)?.allowed.clear();
	}

	/** Forgets an account, so that it gets no token any more. */
	remove({ client_email }: GcpServiceAccount): void {
		this.#accounts.delete(client_email);
	}

	/** Why the bearer of a request's token may not use a key so; nothing where that is permitted. */
	obstacle({ authorization = "" }: IncomingHttpHeaders, use: GcpUse, key: string): GcpAnswer | undefined {
		const caller = this.#tokens.get(authorization.replace(/^Bearer /, ""));
		if (caller === undefined) return refusal(401, "UNAUTHENTICATED", "The request lacks valid credentials.");
		if (!caller.scope.split(" ").some((scope) => SCOPES.includes(scope))) {
			return refusal(403, "PERMISSION_DENIED", "The scope of the token is insufficient.");
		}
		if (!this.#accounts.get(caller.email)?.allowed.has(`${use} ${key}`)) {
			return refusal(403, "PERMISSION_DENIED", `Permission 'cloudkms.cryptoKeyVersions.${use}' denied.`);
		}
		return undefined;
	}

	/** The JWT bearer grant: RS256 over header and claims, an hour at most. */
	exchange(form: URLSearchParams): GcpAnswer {
		const assertion = form.get("assertion") ?? "";
		const [header = "", payload = "", signature = ""] = assertion.split(".");
		const claims = JSON.parse(Buffer.from(payload, "base64url").toString() || "{}");
		const account = this.#accounts.get(claims.iss);
		const now = Date.now() / 1000;
		const good =
			form.get("grant_type") === "urn:ietf:params:oauth:grant-type:jwt-bearer" &&
			account !== undefined &&
			claims.aud === TOKEN_URI &&
			claims.exp > now &&
			claims.exp - claims.iat <= 3600 &&
			verify(
				"RSA-SHA256",
				Buffer.from(`${header}.${payload}`),
				account.publicKey,
				Buffer.from(signature, "base64url"),
			);
		if (!good) {
			return { status: 400, body: { error: "invalid_grant", error_description: "Invalid JWT Signature." } };
		}
		return this.#issueToken(claims.iss, String(claims.scope));
	}

	/** The answer of a metadata server to whoever asks for a token of the account that is attached there. */
	metadata(
		attached: GcpServiceAccount | undefined,
		query: URLSearchParams,
		headers: IncomingHttpHeaders,
	): GcpAnswer {
		const flavor = { "metadata-flavor": "Google" };
		if (headers["metadata-flavor"] !== "Google" || attached === undefined) {
			return { status: 404, headers: flavor, body: { error: "not found" } };
		}
		const scope = (query.get("scopes") ?? "").replaceAll(",", " ");
		return { ...this.#issueToken(attached.client_email, scope), headers: flavor };
	}

	#issueToken(email: string, scope: string): GcpAnswer {
		const token = `ya29.${randomBytes(24).toString("base64url")}`;
		this.#tokens.set(token, { email, scope });
		return { status: 200, body: { access_token: token, expires_in: 3599, token_type: "Bearer" } };
	}
}
