package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

const proof = "a secret of the distribution's"

func proofHash() string {
	sum := sha256.Sum256([]byte(proof))
	return hex.EncodeToString(sum[:])
}

func requestFrom(sourceIP string, headers map[string]string) *Request {
	r := &Request{event: events.APIGatewayV2HTTPRequest{Headers: headers}}
	r.event.RequestContext.HTTP.SourceIP = sourceIP
	return r
}

func TestClientKey(t *testing.T) {
	const edge = "198.51.100.9" // CloudFront's, or whoever reaches the API
	proven := func(viewer string) map[string]string {
		return map[string]string{"x-origin-proof": proof, "cloudfront-viewer-address": viewer}
	}
	open, fronted := Front{}, Front{ProofSHA256: proofHash()}
	for name, c := range map[string]struct {
		front    Front
		sourceIP string
		headers  map[string]string
		want     string
	}{
		"IPv4":                     {open, "192.0.2.7", nil, "192.0.2.7"},
		"IPv6 by its /64":          {open, "2001:db8:1:2:3:4:5:6", nil, "2001:db8:1:2::/64"},
		"IPv6, another of the /64": {open, "2001:db8:1:2::1", nil, "2001:db8:1:2::/64"},
		"IPv6, the next /64":       {open, "2001:db8:1:3::1", nil, "2001:db8:1:3::/64"},
		"IPv6 written at length":   {open, "2001:0DB8:0001:0002:0000:0000:0000:0001", nil, "2001:db8:1:2::/64"},
		"IPv4 in IPv6's clothes":   {open, "::ffff:192.0.2.7", nil, "192.0.2.7"},
		"IPv6 with a zone":         {open, "fe80::1%eth0", nil, "fe80::/64"},
		"none":                     {open, "", nil, "unknown"},
		"garbage":                  {open, "example.com", nil, "unknown"},
		"no distribution: forged viewer": {
			open, edge, map[string]string{"cloudfront-viewer-address": "192.0.2.7:1"}, edge,
		},
		"no distribution: forged proof": {open, edge, proven("192.0.2.7:1"), edge},
		"no distribution: empty proof": {
			open, edge, map[string]string{"x-origin-proof": "", "cloudfront-viewer-address": "192.0.2.7:1"}, edge,
		},
		"forwarded headers": {open, edge, map[string]string{
			"x-forwarded-for": "192.0.2.7", "forwarded": "for=192.0.2.7", "x-real-ip": "192.0.2.7",
		}, edge},
		"distribution: IPv4":            {fronted, edge, proven("192.0.2.7:46532"), "192.0.2.7"},
		"distribution: IPv6":            {fronted, edge, proven("2001:db8:1:2:3:4:5:6:46532"), "2001:db8:1:2::/64"},
		"distribution: IPv6, shortened": {fronted, edge, proven("2001:db8::1:46532"), "2001:db8::/64"},
		"distribution: IPv6, brackets":  {fronted, edge, proven("[2001:db8::1]:46532"), "2001:db8::/64"},
		"distribution: names in capitals": {fronted, edge, map[string]string{
			"X-Origin-Proof": proof, "CloudFront-Viewer-Address": "192.0.2.7:1",
		}, "192.0.2.7"},
		"past the distribution": {
			fronted, edge, map[string]string{"cloudfront-viewer-address": "192.0.2.7:1"}, edge,
		},
		"past it, a wrong proof": {fronted, edge, map[string]string{
			"x-origin-proof": proof + "x", "cloudfront-viewer-address": "192.0.2.7:1",
		}, edge},
		"past it, the hash as proof": {fronted, edge, map[string]string{
			"x-origin-proof": proofHash(), "cloudfront-viewer-address": "192.0.2.7:1",
		}, edge},
		"past it, two proofs": {fronted, edge, map[string]string{
			"x-origin-proof": "x," + proof, "cloudfront-viewer-address": "192.0.2.7:1",
		}, edge},
		"distribution: no viewer":     {fronted, edge, map[string]string{"x-origin-proof": proof}, edge},
		"distribution: two viewers":   {fronted, edge, proven("192.0.2.8:1,192.0.2.7:1"), edge},
		"distribution: no port":       {fronted, edge, proven("192.0.2.7"), edge},
		"distribution: an empty port": {fronted, edge, proven("192.0.2.7:"), edge},
		"distribution: port 65536":    {fronted, edge, proven("192.0.2.7:65536"), edge},
		"distribution: port -1":       {fronted, edge, proven("192.0.2.7:-1"), edge},
		"distribution: a name":        {fronted, edge, proven("example.com:443"), edge},
		"distribution: a zone":        {fronted, edge, proven("fe80::1%eth0:443"), edge},
		"distribution: blanks":        {fronted, edge, proven(" 192.0.2.7:443"), edge},
		"distribution: open bracket":  {fronted, edge, proven("[2001:db8::1:443"), edge},
		"a hash that is none": {
			Front{ProofSHA256: strings.ToUpper(proofHash())}, edge, proven("192.0.2.7:1"), edge,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.front.ClientKey(requestFrom(c.sourceIP, c.headers)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestAddress: the audit log has the whole address, of the same one that the source is of.
func TestAddress(t *testing.T) {
	fronted := Front{ProofSHA256: proofHash()}
	viewer := map[string]string{"x-origin-proof": proof, "cloudfront-viewer-address": "2001:db8:1:2:3:4:5:6:46532"}
	forged := map[string]string{"x-origin-proof": "x", "cloudfront-viewer-address": "192.0.2.7:1"}
	for name, c := range map[string]struct {
		sourceIP string
		headers  map[string]string
		want     string
	}{
		"IPv4":                   {"192.0.2.7", nil, "192.0.2.7"},
		"IPv6":                   {"2001:db8:1:2:3:4:5:6", nil, "2001:db8:1:2:3:4:5:6"},
		"IPv4 in IPv6's clothes": {"::ffff:192.0.2.7", nil, "192.0.2.7"},
		"the distribution's":     {"198.51.100.9", viewer, "2001:db8:1:2:3:4:5:6"},
		"forged":                 {"198.51.100.9", forged, "198.51.100.9"},
		"garbage":                {"example.com", nil, "unknown"},
	} {
		if got := fronted.Address(requestFrom(c.sourceIP, c.headers)); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// FuzzViewerAddress: whatever a header says, what is read from it is an address that, written again with a port, is
// read as the same; and a source is an IPv4 address or a /64.
func FuzzViewerAddress(f *testing.F) {
	for _, seed := range []string{
		"192.0.2.7:46532", "2001:db8::1:46532", "[2001:db8::1]:46532", "::ffff:192.0.2.7:1", "fe80::1%eth0:1", "", ":",
		"::", "[]:1", "1:1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		address, ok := viewerAddress(value)
		if !ok {
			return
		}
		if again, ok := viewerAddress(address.String() + ":443"); !ok || again != address {
			t.Errorf("%q is read as %s, and that as %s", value, address, again)
		}
		source := Front{ProofSHA256: proofHash()}.ClientKey(requestFrom("", map[string]string{
			"x-origin-proof": proof, "cloudfront-viewer-address": value,
		}))
		single, err := netip.ParseAddr(source)
		prefix, prefixErr := netip.ParsePrefix(source)
		if !(err == nil && single.Is4()) && !(prefixErr == nil && prefix.Bits() == 64 && prefix.Contains(address)) {
			t.Errorf("%q has the source %s", value, source)
		}
	})
}

func TestOnlyTheDistributionMayAsk(t *testing.T) {
	handler := func(context.Context, *Request) (Response, error) { return Response{Status: http.StatusOK}, nil }
	proven := map[string]string{"x-origin-proof": proof}
	for name, c := range map[string]struct {
		front   Front
		headers map[string]string
		want    int
	}{
		"through it": {Front{ProofSHA256: proofHash(), Only: true}, proven, http.StatusOK},
		"past it":    {Front{ProofSHA256: proofHash(), Only: true}, nil, http.StatusForbidden},
		"past it, a wrong proof": {
			Front{ProofSHA256: proofHash(), Only: true}, map[string]string{"x-origin-proof": "x"}, http.StatusForbidden,
		},
		"no distribution is known": {Front{Only: true}, proven, http.StatusForbidden},
		"others may, too":          {Front{ProofSHA256: proofHash()}, nil, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Lambda(c.front, describeForTests, handler)(t.Context(),
				requestFrom("192.0.2.7", c.headers).event)
			if err != nil || got.StatusCode != c.want {
				t.Errorf("got %d, %v, want %d", got.StatusCode, err, c.want)
			}
		})
	}
}
