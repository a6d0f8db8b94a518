const URL_IN_TEXT = /([a-z][a-z0-9+.-]*:\/\/)([^\s"<>]*)/gi;

/** The text with userinfo, query and fragment of every URL in it cut out. */
export function withoutUrlSecrets(text: string): string {
	return text.replace(URL_IN_TEXT, (_, scheme: string, rest: string) => {
		const [address = ""] = rest.split(/[?#]/, 1);
		const [authority = ""] = address.split("/", 1);
		return `${scheme}${address.slice(authority.lastIndexOf("@") + 1)}`;
	});
}
