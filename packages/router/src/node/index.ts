export { RouterError } from "../router-error.js";
export type { ListenLimits } from "./limits.js";
export type { Listener, Listening, ListenOnSocketOptions, ListenOptions, ServeOptions } from "./listen.js";
export { listen, listenOnSocket } from "./listen.js";
export type { ServedRequest } from "./served-request.js";
