"""Who may use the addresses of prices and discounts; the table of all takes them in."""

PAGES = {
    "GET /discounts": "see discounts",
    "POST /bookings/<reference>/discounts": "propose discounts",
    "POST /discounts/<int:discount_id>/approve": "approve discounts",
    "POST /discounts/<int:discount_id>/decline": "see discounts",
    "GET /tariffs": "see tariffs",
    "GET /tariffs/calculator": "see tariffs",
}
API = {
    "GET /discounts": "see discounts",
    "GET /bookings/<reference>/discounts": "see discounts",
    "POST /bookings/<reference>/discounts": "propose discounts",
    "POST /discounts/<int:discount_id>/approve": "approve discounts",
    "POST /discounts/<int:discount_id>/decline": "see discounts",
}
