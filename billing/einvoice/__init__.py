"""How issued documents reach the provider of e-invoices: the queue, and one adapter a provider."""
