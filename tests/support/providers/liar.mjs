// oauth2-mock-server as a provider that lies. POST /bend tells it how, until the next time:
//   claims, header: set in the ID token (null takes one away); raw: [from, to] pairs replaced in the payload's text;
//   sign: who signs (own, none, another, embedded, hs-pem, hs-der, hs-jwk); userinfo: set in UserInfo;
//   redirect: set in the address of the way back; paths: {path: slow | drip | error | huge | redirect | words}.
// It prints "ready" when it answers.
import { createHmac, createPublicKey, createSign, generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { OAuth2Issuer, OAuth2Service } from "oauth2-mock-server";

const play = JSON.parse(process.argv[2]);
const issuer = new OAuth2Issuer();
issuer.url = `http://127.0.0.1:${play.port}`;
await issuer.keys.generate("RS256", { kid: "honest" });
const service = new OAuth2Service(issuer);
let bend = {};

const text = (part) => Buffer.from(part, "base64url").toString();
const coded = (value) => Buffer.from(value).toString("base64url");
const changed = (real, by) =>
  Object.fromEntries(Object.entries({ ...real, ...by }).filter(([, value]) => value !== null));

function signature(signed, header) {
  const [own] = issuer.keys.toJSON(true);
  const rsa = (key) => createSign("RSA-SHA256").update(signed(header)).sign(key);
  const shared = (secret) => createHmac("sha256", secret).update(signed(header)).digest();
  const open = createPublicKey({ key: own, format: "jwk" });
  switch (bend.sign) {
    case undefined:
    case "own":
      return rsa({ key: own, format: "jwk" });
    case "none":
      return Buffer.alloc(0);
    case "hs-pem":
      return shared(open.export({ type: "spki", format: "pem" }));
    case "hs-der":
      return shared(open.export({ type: "spki", format: "der" }));
    case "hs-jwk":
      return shared(JSON.stringify(issuer.keys.toJSON()[0]));
    default: {
      const made = generateKeyPairSync("rsa", { modulusLength: 2048 });
      if (bend.sign === "embedded") header.jwk = made.publicKey.export({ format: "jwk" });
      return rsa(made.privateKey);
    }
  }
}

function forged(token) {
  const [first, second] = token.split(".");
  const header = changed(JSON.parse(text(first)), bend.header);
  let payload = JSON.stringify(changed(JSON.parse(text(second)), bend.claims));
  for (const [from, to] of bend.raw ?? []) payload = payload.replace(from, to);
  const signed = (finished) => `${coded(JSON.stringify(finished))}.${coded(payload)}`;
  const made = signature(signed, header);
  return `${signed(header)}.${made.toString("base64url")}`;
}

service.on("beforeTokenSigning", (token) => {
  Object.assign(token.payload, { auth_time: Math.floor(Date.now() / 1000) }, play.claims);
});
service.on("beforeResponse", (response) => {
  if (response.body.id_token) response.body.id_token = forged(response.body.id_token);
});
service.on("beforeUserinfo", (response) => {
  response.body = changed({ sub: "johndoe", ...play.claims }, bend.userinfo);
});
service.on("beforeAuthorizeRedirect", (way) => {
  for (const [name, value] of Object.entries(bend.redirect ?? {})) {
    if (value === null) way.url.searchParams.delete(name);
    else way.url.searchParams.set(name, value);
  }
});

const behaviours = {
  slow: () => {}, // never answers
  drip: (answer) => {
    answer.writeHead(200, { "Content-Type": "application/json" });
    const dripping = setInterval(() => answer.write(" "), 300);
    answer.on("close", () => clearInterval(dripping));
  },
  error: (answer) => answer.writeHead(500).end(),
  huge: (answer) => answer.writeHead(200).end(`{"keys": [], "padding": "${"x".repeat(10_000_000)}"}`),
  redirect: (answer) => answer.writeHead(302, { Location: `${issuer.url}/elsewhere` }).end(),
  words: (answer) => answer.writeHead(200).end("not json"),
};

createServer((request, answer) => {
  const path = request.url.split("?")[0];
  if (path === "/bend") {
    let body = "";
    request.on("data", (piece) => { body += piece; });
    request.on("end", () => { bend = JSON.parse(body); answer.end("bent"); });
  } else if (bend.paths?.[path]) behaviours[bend.paths[path]](answer);
  else service.requestHandler(request, answer);
}).listen(play.port, "127.0.0.1", () => console.log("ready"));
