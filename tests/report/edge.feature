Feature: What every branch must have

  Scenario: Clusters are SSR
    Given I have cluster defined
    Then it must have model
    And its value must match the "SSR.*" regex

  Scenario: Sites name their country
    Given I have site defined
    Then it must have country_code
    And its value must be US

  Scenario: A cluster stands at a site
    Given I have cluster defined
    Then it must have site

  Scenario: What stands at a site has nodes
    Given I have resource that supports site defined
    When its type is cluster
    Then it must have nodes

  Scenario: The provider is the one we know
    Given I have mist provider configured
    Then it must have full_name
    And its value must be haplan/mist
