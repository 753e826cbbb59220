// Package wire is the format of the log and of the events shown to clients: the bytes of
// events and of the log's messages. It does not know the server that keeps them.
//
// # Events
//
// An event is a CloudEvent 1.0 in JSON with the extension attributes sequence,
// organizationid, workspaceid, userid, authtype, authid, onbehalfof, commandid,
// requesthash, causationid, reason and schema. Its data is the domain event's own
// JSON, and its dataschema names the JSON Schema of the data ([DataSchema]). Package
// catalogue has the schemas. [Encode] writes an event, and [Decode] reads one:
//
//	{"specversion":"1.0","id":"01KHQ3M6Z8V2N4T7X9B1C3D5F7",
//	 "source":"/organizations/019cc043-a7e5-7c21-b0d4-6f2e9a1c8b53",
//	 "type":"muster.member.role_changed", … ,"sequence":"3-1042", … ,"schema":1,
//	 "data":{"membership_id":"…","role":{"from":"viewer","to":"editor"}}}
//
// What was ever written must decode for ever. The files in testdata hold each type
// in each schema and are never changed. Those in testdata/without_dataschema are of earlier
// versions, which wrote no dataschema.
//
// # Sealed profiles
//
// Personal data is in the member profile of an event's data and nowhere else. In the log and
// in the feed it is sealed with a key of the person, which is kept elsewhere:
//
//	"data":{"profile":{"sealed":"BASE64","key":"UUID"}}
//
// The stored bytes are what the chain hashes, so nothing of the log changes when a key is
// destroyed. What people are shown is made of them at the last moment ([WithData]): the profile
// in the clear or, if the key was destroyed,
//
//	"data":{"profile":null,"erased":true}
//
// What was written before profiles were sealed has them in the clear:
//
//	"data":{"profile":{"email":"…","name":{"first":"…","last":"…"},"avatar_url":"…"}}
//
// # Messages
//
// A message of the log holds the events of one or more commands, which became durable
// together with one flush. Its payload is a JSON array of CloudEvents
// (application/cloudevents-batch+json). Its headers:
//
//	Muster-First     number of the message's first event
//	Muster-Previous  link of the chain that ends with the message before, 64 hex digits
//	Muster-Writer    the process that appended it; informative
//
// The link that ends with a message is the SHA-256 of the previous link (32 zero
// bytes before the first message), the number in Muster-First as 8 bytes with the
// highest first, and the payload. So nothing can be changed, dropped or inserted
// without every later link showing it.
//
// An [Envelope] is a message whose events have not been decoded, and a [Message] is
// one whose events have.
package wire
