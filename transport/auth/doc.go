// Package auth finds out who sent a request and how often they may send one.
//
//	authenticator := auth.New(auth.Options{Log: log, Models: models, RootToken: root})
//	bearer, err := authenticator.Authenticate(ctx, "Bearer tot_…")
//
// All that it knows of a request is the value of the Authorization header. It refuses
// requests with the errors in errors.go. Their texts are written for the client;
// statuses, codes and headers are up to the caller.
//
// # Bearers
//
// A [Bearer] is who a token stands for: which organization it reaches, which scopes it
// has, and which actor its commands name. There are three kinds of tokens:
//
//   - The root token belongs to the operator. Its text is part of the configuration,
//     and it reaches every organization.
//   - A token of Muster's own belongs to one organization. It can be bound to one
//     workspace and to one user. The read models hold the SHA-256 of its secret.
//   - A JWT access token comes from an issuer that the operator trusts ([OIDC]). It
//     stands for a user of an organization.
//
// Tokens and JWTs that were checked are remembered. A remembered token is not used
// after this node has acknowledged another revocation, or has applied one of another
// node. So a node refuses a revoked token as soon as the revocation has been acknowledged. A
// remembered JWT is not used after its issuer's keys have been fetched again.
//
// # Secrets
//
// The text of a token, of an invitation or of a ticket is 56 characters long:
//
//	tot_ 4fQ2nX8aL0pVbR7sT1yKzE5hJ9mC3dW6gU2iN8oA4tYxB7 Z0rHn1   (without the spaces)
//
// First comes the [SecretKind], then 46 random characters in base 62 (273 bits), then the
// CRC-32 of all that in base 62. By the kind and the checksum anyone, such as a scanner
// for leaked secrets, can tell a secret from noise. Muster keeps only the SHA-256 of a
// secret ([HashSecret]).
//
// # Tickets
//
// A ticket takes the place of the Authorization header in one request within one minute,
// where a client cannot send that header ([Authenticator.IssueTicket]). It stands for the
// very token that it was issued with, so it can do nothing that the token cannot, and ends
// with it. Its content lies in the log's server, for all nodes, sealed by the ticket itself.
//
// # JWTs
//
// A JWT is checked as RFC 9068, section 4, demands. The first fault refuses it, with an
// [InvalidJWTError] that names the fault:
//
//  1. It is at most 8 KiB long, and signed with RS, PS, ES (256, 384 or 512) or EdDSA.
//     Shared secrets, "none" and keys that come with the token are not accepted.
//  2. Its typ is at+jwt, so an ID token is not accepted.
//  3. Its iss is one of [OIDC.Issuers], and the signature fits a key that this issuer
//     publishes.
//  4. Its aud contains [OIDC.Audience]. It has an exp, which lies ahead; its nbf and
//     its iat, if any, do not. The issuer's clock may be a minute fast.
//  5. Two claims hold the ids of the organization and of the user, and one may hold
//     scopes.
//
// Keys are fetched when a JWT needs them: when none are known, when they are five
// minutes old, and when a JWT names a key that is not among them. Two fetches from one
// issuer are at least [FetchPause] apart. While an issuer cannot be reached its known
// keys are used for up to an hour.
package auth
