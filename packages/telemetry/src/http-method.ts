const METHODS: ReadonlySet<string> = new Set([
	"CONNECT",
	"DELETE",
	"GET",
	"HEAD",
	"OPTIONS",
	"PATCH",
	"POST",
	"PUT",
	"TRACE",
]);

/** `http.request.method`: a caller must not be able to make up a series for each word it sends. */
export function httpMethod(method: string): string {
	return METHODS.has(method) ? method : "_OTHER";
}
