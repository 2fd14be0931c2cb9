package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Front is what stands between clients and the API: nothing, or a CloudFront distribution of ours.
type Front struct {
	// ProofSHA256 is the SHA-256, in lower-case hexadecimal, of the value that the distribution sends in
	// X-Origin-Proof. Empty means that there is no distribution. The value itself is a secret of the distribution's;
	// its hash is none.
	ProofSHA256 string

	// Only has the function refuse what does not come through the distribution, so that nobody walks round a firewall
	// in front of it.
	Only bool
}

// refuses returns [ErrForbidden] for a request past the distribution where only the distribution may ask.
func (f Front) refuses(r *Request) error {
	if f.Only && !f.sent(r) {
		return fmt.Errorf("past the distribution: %w", ErrForbidden)
	}
	return nil
}

// unknownSource stands for all whose address the gateway does not tell.
const unknownSource = "unknown"

// Address returns the address that a request comes from, for the audit log: an IPv4 or IPv6 address, or "unknown".
//
// It is the address of who reached API Gateway. Where that is a distribution of ours, which proves itself by a secret,
// it is the address that CloudFront says it was reached from; whoever else sends CloudFront's header is not believed.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html
func (f Front) Address(r *Request) string {
	if address, ok := f.address(r); ok {
		return address.String()
	}
	return unknownSource
}

// ClientKey returns what guesses are counted by for the client of a request: an IPv4 address, or the /64 of an IPv6
// address, because one customer of a provider has a /64 or more to choose addresses from (RFC 6177).
func (f Front) ClientKey(r *Request) string {
	address, ok := f.address(r)
	switch {
	case !ok:
		return unknownSource
	case address.Is4():
		return address.String()
	}
	return netip.PrefixFrom(address, 64).Masked().String()
}

// address returns one value for each address, however it is written: an IPv4-mapped IPv6 address is an IPv4 address.
func (f Front) address(r *Request) (netip.Addr, bool) {
	if f.sent(r) {
		if address, ok := viewerAddress(r.Header("CloudFront-Viewer-Address")); ok {
			return address.Unmap(), true
		}
	}
	address, err := netip.ParseAddr(r.event.RequestContext.HTTP.SourceIP)
	return address.Unmap().WithZone(""), err == nil
}

// sent reports whether the request came through the distribution.
func (f Front) sent(r *Request) bool {
	sum := sha256.Sum256([]byte(r.Header("X-Origin-Proof")))
	given := hex.EncodeToString(sum[:])
	return subtle.ConstantTimeCompare([]byte(given), []byte(f.ProofSHA256)) == 1
}

// viewerAddress reads the header CloudFront-Viewer-Address: an address, a colon and a port, without brackets around an
// IPv6 address; brackets will do.
func viewerAddress(value string) (netip.Addr, bool) {
	colon := strings.LastIndexByte(value, ':')
	if colon < 0 || !isPort(value[colon+1:]) {
		return netip.Addr{}, false
	}
	text := value[:colon]
	if inner, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inner, "]") {
		text = strings.TrimSuffix(inner, "]")
	}
	address, err := netip.ParseAddr(text)
	return address, err == nil && address.Zone() == ""
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}
