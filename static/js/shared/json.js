// Asks the server for data instead of a page.

/** Like `fetch`, for an answer in JSON. */
export const askJson = (address, options = {}) =>
  fetch(address, { ...options, headers: { Accept: "application/json", ...options.headers } });
