package template

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"shop/test/contract"
)

// API Gateway reads the issuer's documents by itself, past the distribution.
func TestOnlyTheIssuerAnswersPastTheDistribution(t *testing.T) {
	for name, function := range Need(t).Functions() {
		want := `{"Ref":"OnlyThroughDistribution"}`
		if name == "PublishKeysFunction" {
			want = `"false"`
		}
		wantJSON(t, At(function, "Properties", "Environment", "Variables", "ONLY_THROUGH_DISTRIBUTION"), want)
	}
}

// With Pages off nothing of the section is made, and mails lead to where the pages are.
func TestPagesCanBeElsewhere(t *testing.T) {
	deployed := Need(t)
	for _, kind := range []string{
		"AWS::CloudFront::Distribution", "AWS::CloudFront::Function", "AWS::CloudFront::CachePolicy",
		"AWS::CloudFront::OriginRequestPolicy", "AWS::CloudFront::ResponseHeadersPolicy",
		"AWS::CloudFront::OriginAccessControl", "AWS::S3::Bucket", "AWS::S3::BucketPolicy",
	} {
		found := deployed.OfType(kind)
		if len(found) == 0 {
			t.Errorf("there is no %s", kind)
		}
		for name, resource := range found {
			if resource["Condition"] != "ServesPages" {
				t.Errorf("%s has the condition %v, want ServesPages", name, resource["Condition"])
			}
		}
	}
	wantUploadsOnlyWithPages(t, deployed)
	wantJSON(t, At(deployed.Functions()["NotifyFunction"], "Properties", "Environment", "Variables", "PAGES_URL"),
		`{"Fn::If":["HasShopUrl",{"Ref":"ShopUrl"},{"Fn::If":["ServesPages",{"Fn::Sub":["https://${Domain}",`+
			`{"Domain":{"Fn::If":["HasPagesDomain",{"Ref":"PagesDomain"},{"Fn::GetAtt":["PagesDistribution","DomainName"]}]}}]},""]}]}`)
}

// wantUploadsOnlyWithPages: without pages there is nowhere to put a picture, and neither function nor route.
func wantUploadsOnlyWithPages(t *testing.T, deployed *Template) {
	t.Helper()
	found := 0
	for name, resource := range deployed.Resources {
		if strings.HasPrefix(name, "UploadPictureFunction") {
			found++
			if resource["Condition"] != "ServesPages" {
				t.Errorf("%s has the condition %v, want ServesPages", name, resource["Condition"])
			}
		}
	}
	if found != 4 { // with its role, and a permission for each route
		t.Errorf("UploadPictureFunction has %d resources, want 4", found)
	}
	paths, _ := At(deployed.Resources["Api"], "Properties", "Body", "paths").(Object)
	for _, path := range []string{"/admin/pictures", "/admin/pictures/{sha256}/completion"} {
		choice, _ := At(paths[path], "Fn::If").([]any)
		if len(choice) != 3 || choice[0] != "ServesPages" || At(choice[2], "Ref") != "AWS::NoValue" {
			t.Errorf("%s is there without pages", path)
		}
	}
}

// TestUploadsAreKeptFromReaders: what is uploaded is in a bucket of its own, which is not public and no origin of the
// distribution, into which a browser may put by POST alone, and which keeps it for a day.
func TestUploadsAreKeptFromReaders(t *testing.T) {
	tpl := Need(t)
	bucket := At(tpl.Resources["PictureUploads"], "Properties")
	wantJSON(t, At(bucket, "PublicAccessBlockConfiguration"),
		`{"BlockPublicAcls":true,"BlockPublicPolicy":true,"IgnorePublicAcls":true,"RestrictPublicBuckets":true}`)
	wantJSON(t, At(bucket, "CorsConfiguration", "CorsRules"), `[{"AllowedMethods":["POST"],"AllowedOrigins":[`+
		`{"Fn::If":["HasPagesDomain",{"Fn::Sub":"https://${PagesDomain}"},"https://*.cloudfront.net"]},`+
		`{"Fn::If":["HasShopUrl",{"Ref":"ShopUrl"},{"Ref":"AWS::NoValue"}]}],"MaxAge":600}]`)
	wantJSON(t, At(bucket, "LifecycleConfiguration", "Rules"), `[{"Id":"a-day","Status":"Enabled",`+
		`"ExpirationInDays":1,"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":1}}]`)
	for name, resource := range tpl.OfType("AWS::S3::BucketPolicy") {
		if At(resource, "Properties", "Bucket", "Ref") != "PagesBucket" {
			t.Errorf("%s is no policy of the pages' bucket", name)
		}
	}
	origins, _ := At(tpl.Resources["PagesDistribution"], "Properties", "DistributionConfig", "Origins").([]any)
	for _, origin := range origins {
		if strings.Contains(fmt.Sprint(origin), "PictureUploads") {
			t.Errorf("the distribution serves the uploads: %v", origin)
		}
	}
}

// TestOnlyTheDeskUploads: its policy is the pages' one, and lets it connect to the bucket of uploads, too.
func TestOnlyTheDeskUploads(t *testing.T) {
	tpl := Need(t)
	policy := func(name string) Object {
		config, _ := At(tpl.Resources[name], "Properties", "ResponseHeadersPolicyConfig").(Object)
		return config
	}
	csp := []string{"SecurityHeadersConfig", "ContentSecurityPolicy", "ContentSecurityPolicy"}
	pages, _ := At(policy("PagesHeadersPolicy"), csp...).(string)
	desk, _ := At(policy("DeskHeadersPolicy"), append(csp, "Fn::Sub")...).([]any)
	if want := strings.Replace(pages, "connect-src 'self'", "connect-src 'self' ${Uploads}", 1); len(desk) != 2 ||
		desk[0] != want || want == pages {
		t.Fatalf("the desk has %v, want %q", desk, want)
	}
	wantJSON(t, desk[1], `{"Uploads":{"Fn::If":["HasUploadsOrigin",{"Ref":"UploadsOrigin"},`+
		`{"Fn::Sub":"https://${PictureUploads.RegionalDomainName}"}]}}`)
	for _, rest := range [][]string{
		{"CustomHeadersConfig"}, {"SecurityHeadersConfig", "StrictTransportSecurity"},
		{"SecurityHeadersConfig", "ContentTypeOptions"}, {"SecurityHeadersConfig", "ReferrerPolicy"},
	} {
		got, want := At(policy("DeskHeadersPolicy"), rest...), At(policy("PagesHeadersPolicy"), rest...)
		if got == nil || !reflect.DeepEqual(got, want) {
			t.Errorf("the desk's %v are %v, want %v", rest, got, want)
		}
	}
	behaviours, _ := At(tpl.Resources["PagesDistribution"],
		"Properties", "DistributionConfig", "CacheBehaviors").([]any)
	var under []string
	for _, behaviour := range behaviours {
		if At(behaviour, "ResponseHeadersPolicyId", "Ref") == "DeskHeadersPolicy" {
			under = append(under, fmt.Sprint(At(behaviour, "PathPattern")))
		}
	}
	if !slices.Equal(under, []string{"/admin*"}) {
		t.Errorf("the desk's policy is that of %q, want /admin*", under)
	}
}

// A client that sends a token over plain HTTP must fail, and not be redirected unnoticed.
func TestOnlyPagesRedirectToHTTPS(t *testing.T) {
	distribution := At(Need(t).Resources["PagesDistribution"], "Properties", "DistributionConfig")
	wantJSON(t, At(distribution, "DefaultCacheBehavior", "ViewerProtocolPolicy"), `"redirect-to-https"`)
	behaviours, _ := At(distribution, "CacheBehaviors").([]any)
	if len(behaviours) == 0 {
		t.Error("the distribution has no behaviour for the API")
	}
	for _, behaviour := range behaviours {
		want := `"https-only"`
		if At(behaviour, "TargetOriginId") == "pages" {
			want = `"redirect-to-https"`
		}
		wantJSON(t, At(behaviour, "ViewerProtocolPolicy"), want)
	}
}

// TestACustomersRequestsPassTheCatalogue: what is a customer's own below a product is no page of the catalogue to the
// distribution, which takes the first pattern that fits: it brings the token, and may change something.
func TestACustomersRequestsPassTheCatalogue(t *testing.T) {
	behaviours, _ := At(Need(t).Resources["PagesDistribution"],
		"Properties", "DistributionConfig", "CacheBehaviors").([]any)
	first := func(pattern string) int {
		return slices.IndexFunc(behaviours, func(b any) bool { return At(b, "PathPattern") == pattern })
	}
	own, catalogue, rest := first("/api/products/*/back-in-stock"), first("/api/products*"), first("/api/*")
	if own < 0 || own > catalogue {
		t.Fatalf("the behaviours are numbers %d and %d, want the customer's before the catalogue's", own, catalogue)
	}
	for _, setting := range []string{"AllowedMethods", "CachePolicyId", "OriginRequestPolicyId"} {
		if got, want := At(behaviours[own], setting), At(behaviours[rest], setting); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v, want that of the API, %v", setting, got, want)
		}
	}
}

// TestCacheKeepsQueriesApart: the distribution's caches tell apart, and forward, each query that the catalogue takes.
func TestCacheKeepsQueriesApart(t *testing.T) {
	c, err := contract.Load("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	key := At(Need(t).Resources["CatalogueCachePolicy"], "Properties", "CachePolicyConfig",
		"ParametersInCacheKeyAndForwardedToOrigin", "QueryStringsConfig", "QueryStrings")
	var cached []string
	for _, name := range key.([]any) {
		cached = append(cached, name.(string))
	}
	for _, route := range []string{"GET /products", "GET /categories"} {
		taken := c.Queries(route)
		if len(taken) == 0 {
			t.Errorf("the contract has no queries of %s", route)
		}
		for _, name := range taken {
			if !slices.Contains(cached, name) {
				t.Errorf("the cache's key has no %s, which %s takes", name, route)
			}
		}
	}
	behaviours, _ := At(Need(t).Resources["PagesDistribution"],
		"Properties", "DistributionConfig", "CacheBehaviors").([]any)
	var paths []string
	for _, behaviour := range behaviours {
		policy, _ := At(behaviour, "CachePolicyId").(map[string]any)
		if policy["Ref"] == "CatalogueCachePolicy" {
			paths = append(paths, At(behaviour, "PathPattern").(string))
		}
	}
	if want := []string{"/api/products*", "/api/categories"}; !slices.Equal(paths, want) {
		t.Errorf("cached are %q, want %q", paths, want)
	}
}
