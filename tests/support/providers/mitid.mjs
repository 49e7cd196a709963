// The certified oidc-provider, playing a broker of MitID. What it plays is told as JSON on the command line:
// {port, client: {id, secret, redirects, goodbye}, jwks, claims: {scope: [names]}, accounts: {id: {claims}}}.
// It prints "ready" when it answers. `login` on its page is the id of an account.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const play = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${play.port}`;
console.warn = () => {}; // it warns of what production must not do

const provider = new Provider(issuer, {
  clients: [{
    client_id: play.client.id,
    client_secret: play.client.secret,
    redirect_uris: play.client.redirects,
    post_logout_redirect_uris: play.client.goodbye,
    id_token_signed_response_alg: "ES256",
    response_types: ["code"],
    grant_types: ["authorization_code"],
  }],
  jwks: play.jwks,
  scopes: ["openid", ...Object.keys(play.claims)],
  claims: { openid: ["sub"], ...play.claims },
  conformIdTokenClaims: false, // brokers put their claims into the ID token too
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  enableHttpPostMethods: true, // signing out is asked for in a form's body
  cookies: { keys: ["for a test"], long: { sameSite: "none" } },
  findAccount: (_ctx, id) => play.accounts[id] && {
    accountId: id,
    claims: () => ({ sub: id, ...play.accounts[id] }),
  },
});

createServer(provider.callback()).listen(play.port, "127.0.0.1", () => console.log("ready"));
