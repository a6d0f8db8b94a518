import type { Dispatcher, Pool } from "undici";
import { networkCode } from "./network-code.js";
import { type HttpProxy, proxyChoice } from "./proxy-choice.js";
import { ProxyFailure } from "./proxy-failure.js";
import type { SourceEnvironment } from "./source.js";

type Fetch = SourceEnvironment["fetch"];
type Undici = typeof import("undici");

/** A proxy that accepts and never says a word must not hold up later requests for longer than this. */
const CONNECT_ANSWER_MS = 10_000;

/** Failures to connect; where a proxy is used, they are its own. */
const NO_CONNECTION =
	/^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/;

/**
 * Makes the `fetch` for an environment: Node's own, which knows no proxies, unless the environment names one.
 *
 * Then requests that go through it are sent with undici, which is loaded when the first of them is; an http target
 * is asked for in absolute form, as proxies commonly refuse to tunnel to port 80. It takes URLs, no `Request`.
 * When the proxy is to blame, what it rejects with carries a `ProxyFailure`.
 */
export function createOutboundFetch(
	env: Readonly<Record<string, string | undefined>>,
	direct: Fetch = globalThis.fetch,
): Fetch {
	const choose = proxyChoice(env);
	if (choose === undefined) return direct;
	const routes = new Map<HttpProxy, Promise<Fetch>>();
	return async (input, init) => {
		const url = new URL(String(input));
		const proxy = choose(url);
		if (proxy === undefined) return direct(url, init);
		const route = routes.get(proxy) ?? openRoute(proxy);
		routes.set(proxy, route);
		return (await route)(url, init);
	};
}

async function openRoute(proxy: HttpProxy): Promise<Fetch> {
	const { url, authorization } = proxy;
	if (url === undefined) throw new ProxyFailure(proxy, { code: "ERR_INVALID_URL" });
	// Where undici finds no global dispatcher it leaves its own, and Node's fetch of another version would use that.
	void globalThis.Headers;
	const undici = await import("undici");
	const dispatcher = new undici.ProxyAgent({
		uri: url.href,
		proxyTunnel: false,
		...(authorization !== undefined && { token: authorization }),
		clientFactory: (origin, options) => tunnelPool(undici, origin, options, proxy),
	});
	// Two declarations of the same standard: undici's own and, for Node's global, those of @types/node.
	const send = undici.fetch as unknown as (url: URL, init: object) => ReturnType<Fetch>;
	return async (input, init) => {
		const target = new URL(String(input));
		try {
			return await send(target, { ...init, dispatcher });
		} catch (error) {
			throw blame(error, target, proxy);
		}
	};
}

/**
 * The pool of connections to a proxy on which tunnels are asked for.
 *
 * undici forgets the status of a refusal, and asks again at once, for ever, when the proxy hangs up instead of
 * answering. An error it does not know ends that.
 */
function tunnelPool(undici: Undici, origin: URL, options: object, proxy: HttpProxy): Pool {
	const pool = new undici.Pool(origin, { ...options, headersTimeout: CONNECT_ANSWER_MS });
	const connect = pool.connect.bind(pool) as (
		options: Dispatcher.ConnectOptions,
	) => Promise<Dispatcher.ConnectData>;
	const tunnel = async (options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> => {
		const answer = await connect(options).catch((error: unknown) => {
			throw new ProxyFailure(proxy, { code: networkCode(error) });
		});
		if (answer.statusCode === 200) return answer;
		answer.socket.on("error", () => undefined).destroy();
		throw new ProxyFailure(proxy, { status: answer.statusCode });
	};
	return Object.assign(pool, { connect: tunnel });
}

/** Of a 407 to a request in absolute form undici says only that an argument is invalid. */
function blame(error: unknown, target: URL, proxy: HttpProxy): unknown {
	const code = networkCode(error);
	if (code === "UND_ERR_INVALID_ARG" && target.protocol === "http:")
		return new ProxyFailure(proxy, { status: 407 });
	return code !== undefined && NO_CONNECTION.test(code) ? new ProxyFailure(proxy, { code }) : error;
}
