package template

import (
	"slices"
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
	wantJSON(t, At(deployed.Functions()["NotifyFunction"], "Properties", "Environment", "Variables", "PAGES_URL"),
		`{"Fn::If":["HasShopUrl",{"Ref":"ShopUrl"},{"Fn::If":["ServesPages",{"Fn::Sub":["https://${Domain}",`+
			`{"Domain":{"Fn::If":["HasPagesDomain",{"Ref":"PagesDomain"},{"Fn::GetAtt":["PagesDistribution","DomainName"]}]}}]},""]}]}`)
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
		wantJSON(t, At(behaviour, "ViewerProtocolPolicy"), `"https-only"`)
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
