import { createPublicKey, randomBytes, verify } from "node:crypto";

/** An App, installed once. */
export interface GithubAppRegistration {
	readonly id: number;

	/** PEM. */
	readonly publicKey: string;
	readonly installationId: number;

	/** `owner/repository` names that the installation includes. */
	readonly repositories: readonly string[];

	/** `write` includes `read`. */
	readonly permissions: Readonly<Record<string, "read" | "write">>;
	readonly suspended?: boolean;
}

/** A token of an installation, as `POST /app/installations/:id/access_tokens` makes it. */
export interface InstallationGrant {
	readonly token: string;
	readonly expiresAtMs: number;
	readonly repositories: readonly string[];
	readonly permissions: Readonly<Record<string, string>>;
	readonly installationId: number;
}

/** The outcome of an exchange. */
export type ExchangeAnswer =
	| { readonly status: 201; readonly grant: InstallationGrant }
	| { readonly status: 401 | 403 | 404 | 422; readonly message: string };

const HOUR_MS = 3_600_000;

/** The App named by a JWT that it really signed and that is valid now, by GitHub's "Generating a JSON Web Token". */
export function appOfJwt(
	jwt: string,
	apps: readonly GithubAppRegistration[],
	nowMs: number,
): GithubAppRegistration | undefined {
	const [head = "", payload = "", signature = ""] = jwt.split(".");
	const { alg } = decoded(head);
	const { iss, iat, exp } = decoded(payload);
	const app = apps.find(({ id }) => String(id) === String(iss));
	if (app === undefined || alg !== "RS256" || typeof iat !== "number" || typeof exp !== "number")
		return undefined;
	const nowS = nowMs / 1000;
	if (iat > nowS || exp <= nowS || exp > nowS + 600) return undefined;
	const signed = Buffer.from(`${head}.${payload}`);
	const genuine = verify(
		"sha256",
		signed,
		createPublicKey(app.publicKey),
		Buffer.from(signature, "base64url"),
	);
	return genuine ? app : undefined;
}

/** Makes a token, or says why not; by GitHub's "Create an installation access token for an app". */
export function exchange(
	app: GithubAppRegistration | undefined,
	installationId: number,
	body: string,
	nowMs: number,
): ExchangeAnswer {
	if (app === undefined) return { status: 401, message: "A JSON web token could not be decoded" };
	if (app.installationId !== installationId) return { status: 404, message: "Not Found" };
	if (app.suspended) return { status: 403, message: "This installation has been suspended" };
	const asked = body === "" ? {} : JSON.parse(body);
	const permissions: Record<string, string> = asked.permissions ?? app.permissions;
	const granted = Object.entries(permissions).every(([name, level]) => allows(app.permissions[name], level));
	if (!granted)
		return { status: 422, message: "The permissions requested are not granted to this installation." };
	const names: readonly string[] = asked.repositories ?? app.repositories.map(shortName);
	const repositories = app.repositories.filter((each) => names.includes(shortName(each)));
	if (repositories.length < names.length) {
		return { status: 422, message: "At least one repository is not accessible to the installation." };
	}
	const grant = {
		token: `ghs_${randomBytes(18).toString("base64url")}`,
		expiresAtMs: nowMs + HOUR_MS,
		repositories,
		permissions,
		installationId,
	};
	return { status: 201, grant };
}

function shortName(fullName: string): string {
	return fullName.slice(fullName.indexOf("/") + 1);
}

function allows(held: string | undefined, asked: string): boolean {
	return held === asked || (held === "write" && asked === "read");
}

function decoded(part: string): Readonly<Record<string, unknown>> {
	try {
		return Object(JSON.parse(Buffer.from(part, "base64url").toString("utf8")));
	} catch {
		return {};
	}
}
